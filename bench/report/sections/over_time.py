"""CPU and memory while the run went on."""

from collections.abc import Sequence

from bench.report.html.document import Figure, Plot, Section
from bench.report.material import Material
from bench.report.memory import ROLES
from bench.report.plots.over_time import over_time_plot
from bench.report.timeline import (
    GENERATOR,
    Band,
    Line,
    bands,
    cpu_line,
    memory_line,
    round_span,
    units,
    whole_span,
)

_CPU = "CPU, % of a core"
_MEMORY = "PSS, MB"


def over_time(material: Material) -> Section | None:
    """One round closely, and the whole run. None without samples."""
    if not material.samples:
        return None
    figures = []
    found = bands(material)
    near = round_span(material)
    if near is not None and material.record.plan.study is None:
        number, span = near
        mine = [band for band in found if band.round == number]
        plots = _cpu_plots(material, mine, span, f"round {number}: ")
        figures.append(Figure(plots, f"Round {number} closely, at every reading of the sampler."))
    span = whole_span(material)
    whole = (
        *_cpu_plots(material, found, span, "whole run: "),
        *_memory_plots(material, found, span),
    )
    figures.append(Figure(whole, "The whole run. Each point is the mean since the one before it."))
    figures = [figure for figure in figures if figure.plots]
    if not figures:
        return None
    lead = (
        "From the sampler, four readings a second, memory less often. Tinted: measured windows; "
        "between them data are loaded, answers are verified and services warm up. Hover a window "
        "for what it measured. While one target is measured the others are frozen."
    )
    return Section("over-time", "Over time", tuple(figures), lead)


def _cpu_plots(
    material: Material, found: Sequence[Band], span: tuple[float, float], title: str
) -> tuple[Plot, ...]:
    name = title.rstrip(": ").replace(" ", "-")
    lines: dict[str, dict[str, Line]] = {
        role: {
            target: cpu_line(material, unit, span) for target, unit in units(material, role).items()
        }
        for role in ROLES
    }
    lines["generator"] = {"": cpu_line(material, GENERATOR, span)}
    plots = (
        over_time_plot(
            f"cpu-{role}-{name}", f"{title}{role}", _CPU, drawn, found, material.looks, span
        )
        for role, drawn in lines.items()
    )
    return tuple(plot for plot in plots if plot is not None)


def _memory_plots(
    material: Material, found: Sequence[Band], span: tuple[float, float]
) -> tuple[Plot, ...]:
    plots = (
        over_time_plot(
            f"memory-{role}",
            f"whole run: {role} memory",
            _MEMORY,
            {
                target: memory_line(material, unit, span)
                for target, unit in units(material, role).items()
            },
            found,
            material.looks,
            span,
            scale=1e-6,
            decimals=1,
        )
        for role in ROLES
    )
    return tuple(plot for plot in plots if plot is not None)
