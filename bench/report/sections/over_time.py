"""CPU and memory while the run went on."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from bench.analysis.memory import ROLES
from bench.analysis.stored import StoredRun
from bench.analysis.timeline import (
    GENERATOR,
    Band,
    Span,
    UsageLine,
    bands,
    cpu_line,
    mean_cpu,
    memory_line,
    round_span,
    set_ups,
    set_ups_of,
    units,
    whole_span,
)
from bench.metrics import METRICS
from bench.model import Role
from bench.report.document import Figure, Plot, Section
from bench.report.plots.over_time import (
    CPU,
    MEMORY,
    MOST_TINTED,
    Scene,
    over_time_plot,
)
from bench.report.sections.windows import SET_UP, windows_table
from bench.report.style import styles_of

_CPU_CAPTION = "Each point is the mean since the one before it."
_MEMORY_CAPTION = (
    "Each mark is a reading: the sampler's, or the one just after a window. Reading a database's "
    "memory is dear, so that the sampler does it once a minute. Where there are too many readings "
    "to draw, the highest of those side by side is kept; marks are then fewer than readings."
)
_LEAD = (
    "From the sampler, four readings of CPU a second, of memory fewer. Tinted: measured windows; "
    "paler: set-up and warm-up, when rows are loaded and answers verified. Hover anywhere for the "
    "nearest reading and the window it lies in."
)

_TURNS = (
    " Each turn of a target is tinted. Grey: all targets together, in their set-up or in turns "
    "that are too short to be told apart."
)


def over_time(run: StoredRun) -> Section | None:
    """One round closely, and the whole run. None without samples."""
    if not run.samples:
        return None
    figures = tuple(figure for figure in _figures(run) if figure.plots)
    in_turns = any(window.turns for cell in run.record.cells for window in cell.phases)
    lead = f"{_LEAD}{_TURNS if in_turns else ''}"
    return Section("over-time", "Over time", figures, lead, "page") if figures else None


def _figures(run: StoredRun) -> Iterator[Figure]:
    found = bands(run)
    near = round_span(run)
    if near is not None and not run.record.plan.design.chooses_load:
        number, span = near
        mine = [band for band in found if band.round == number]
        plots = _cpu_plots(run, _scene(run, mine, span), f"round {number}", f"round-{number}")
        caption = f"Round {number} closely. {_CPU_CAPTION}"
        yield Figure(plots, caption, windows_table(run, mine))
    scene = _scene(run, found, whole_span(run))
    table = windows_table(run, found) if found else None
    untinted = " So many windows cannot be tinted." if len(found) > MOST_TINTED else ""
    plots = _cpu_plots(run, scene, "whole run", "whole-run")
    yield Figure(plots, f"The whole run. {_CPU_CAPTION}{untinted}", table)
    yield Figure(_memory_plots(run, scene), _MEMORY_CAPTION)


def _scene(run: StoredRun, found: Sequence[Band], span: Span) -> Scene:
    inside = [
        set_up for set_up in set_ups(run) if set_up.end_s > span[0] and set_up.start_s < span[1]
    ]
    return Scene(styles_of(run.record), span, found, inside)


def _cpu_plots(run: StoredRun, scene: Scene, stretch: str, name: str) -> tuple[Plot, ...]:
    """CPU by role in a stretch of the run: `stretch` is what headings call it, `name` what files
    do.
    """
    lines: dict[Role | Literal["generator"], dict[str, UsageLine]] = {
        role: {
            target: cpu_line(run, unit, scene.span_s) for target, unit in units(run, role).items()
        }
        for role in ROLES
    }
    lines["generator"] = {"": cpu_line(run, GENERATOR, scene.span_s)}
    plots = (
        over_time_plot(
            f"cpu-{role}-{name}",
            f"{stretch}: {role}",
            CPU,
            drawn,
            scene,
            _tell_means(run, scene.windows, role),
        )
        for role, drawn in lines.items()
    )
    return tuple(plot for plot in plots if plot is not None)


def _tell_means(
    run: StoredRun, found: Sequence[Band], role: Role | Literal["generator"]
) -> Callable[[str], str]:
    """Says of a target how much CPU its role used in measured windows, and before them."""
    metric = METRICS[f"{role}_cpu"]

    def tell(target: str) -> str:
        mine = [band for band in found if target in ("", band.target)]
        mean = metric.value([band.window for band in mine])
        targets = (target,) if target else tuple(styles_of(run.record))
        spans = [
            (set_up.start_s, set_up.end_s)
            for name in targets
            for set_up in set_ups_of(run, mine, name)
        ]
        unit = GENERATOR if role == "generator" else units(run, role)[target]
        before = mean_cpu(run, unit, spans)
        told = [f"mean {metric.format(mean)} % in {len(mine)} windows"] if mine else []
        told += [f"{before:,.0f} % in {SET_UP}"] if before is not None else []
        return "".join(f", {words}" for words in told)

    return tell


def _memory_plots(run: StoredRun, scene: Scene) -> tuple[Plot, ...]:
    plots = (
        over_time_plot(
            f"memory-{role}",
            f"whole run: {role} memory",
            MEMORY,
            {
                target: memory_line(run, target, role, scene.span_s)
                for target in run.record.plan.targets
            },
            scene,
            lambda _target: "",
        )
        for role in ROLES
    )
    return tuple(plot for plot in plots if plot is not None)
