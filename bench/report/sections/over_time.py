"""CPU and memory while the run went on."""

from bench.report.html.document import Figure, Plot, Section
from bench.report.material import Material
from bench.report.plots.over_time import over_time_plot
from bench.report.timeline import (
    GENERATOR,
    Band,
    app_units,
    bands,
    cpu_line,
    memory_line,
    round_span,
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
        figures.append(
            Figure(
                _cpu_plots(material, mine, span, f"round {number}: "),
                f"Round {number} closely, at every reading of the sampler.",
            )
        )
    span = whole_span(material)
    memory = (
        _memory_plot(material, "app", found, span),
        _memory_plot(material, "database", found, span),
    )
    figures.append(
        Figure(
            (*_cpu_plots(material, found, span, "whole run: "), *memory),
            "The whole run. Each point is the mean since the one before it.",
        )
    )
    lead = (
        "From the sampler, four readings a second, memory less often. Tinted: measured windows; "
        "between them data are loaded, answers are verified and services warm up. Hover a window "
        "for what it measured. While one target is measured the others are frozen."
    )
    return Section("over-time", "Over time", tuple(figures), lead)


def _cpu_plots(
    material: Material, found: list[Band] | tuple[Band, ...], span: tuple[float, float], title: str
) -> tuple[Plot, ...]:
    name = title.rstrip(": ").replace(" ", "-")
    plots = []
    for role in ("app", "database"):
        lines = {
            target: cpu_line(material, unit, span)
            for target, unit in app_units(material, role).items()
        }
        plots.append(
            over_time_plot(
                f"cpu-{role}-{name}", f"{title}{role}", _CPU, lines, found, material.looks, span
            )
        )
    lines = {"": cpu_line(material, GENERATOR, span)}
    plots.append(
        over_time_plot(
            f"cpu-generator-{name}", f"{title}generator", _CPU, lines, found, material.looks, span
        )
    )
    return tuple(plots)


def _memory_plot(
    material: Material, role: str, found: tuple[Band, ...], span: tuple[float, float]
) -> Plot:
    units = app_units(material, "app" if role == "app" else "database")
    lines = {target: memory_line(material, unit, span) for target, unit in units.items()}
    return over_time_plot(
        f"memory-{role}",
        f"whole run: {role} memory",
        _MEMORY,
        lines,
        found,
        material.looks,
        span,
        scale=1e-6,
        decimals=1,
    )
