"""Whether the lab's own generator and Locust agree about one service under the same load."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.metrics import METRICS, Metric
from bench.model import Crosscheck, OpenLoop, PhaseResult, RunRecord, Users, Verdict
from bench.report.facts import machine_line, placement_line, provenance_lines
from bench.report.material import Material
from bench.report.measures import (
    NO_FIGURE,
    Measure,
    interval_words,
    is_invalid,
    lacking,
    rounds_words,
)
from bench.report.page import Page
from bench.report.tables import Table, time_word
from bench.report.warnings import doubts
from bench.stats.verdict import Comparison, judge

OURS, LOCUST = "the lab's generator", "Locust"
Windows = dict[int, PhaseResult | None]


@dataclass(frozen=True)
class Agreement:
    """One figure of one target from both. `ratio` of the verdict is Locust / the lab's own.

    The verdict is *indistinguishable* where the whole interval lies within the tolerance.
    """

    target: str
    metric: Metric
    ours: float | None
    locust: float | None
    verdict: Verdict

    @property
    def word(self) -> str:
        match self.verdict.kind:
            case "indistinguishable":
                return "agree"
            case "faster" | "slower":
                return "DISAGREE"
            case kind:
                return kind


def agreements(record: RunRecord) -> tuple[Agreement, ...]:
    """Every figure of every target. The figures of one target are one family each on its own:
    each has a tolerance of its own.
    """
    study = record.plan.study
    assert isinstance(study, Crosscheck)
    tolerances = {
        "rate": (study.rate_tolerance, 0.0),
        "p50": (study.p50_tolerance, study.p50_slack_s * 1e3),
        "p99": (study.p99_tolerance, study.p99_slack_s * 1e3),
        "app_cost": (study.cost_tolerance, 0.0),
    }
    return tuple(
        _agreement(record, target, METRICS[name], share, slack)
        for target in record.plan.targets
        for name, (share, slack) in tolerances.items()
    )


def _agreement(
    record: RunRecord, target: str, metric: Metric, share: float, slack: float
) -> Agreement:
    """`slack` is in the metric's own unit; the smaller the figure, the more of it it is."""
    windows, theirs = _windows(record, target, OpenLoop), _windows(record, target, Users)
    ours = _figure(windows, metric)
    tolerance = share + (slack / ours if ours else 0.0)
    figure = Measure(metric, metric.title, "", "")
    comparison = Comparison(
        LOCUST,
        OURS,
        _values(theirs, metric),
        _values(windows, metric),
        lacking=lacking(theirs, figure) or lacking(windows, figure),
    )
    (verdict,) = judge([comparison], tolerance)
    return Agreement(target, metric, ours, _figure(theirs, metric), verdict)


def _windows(record: RunRecord, target: str, pacing: type[OpenLoop | Users]) -> Windows:
    """The windows of one side by round; None where one was measured and must not be used."""
    found: Windows = {}
    for cell in record.cells:
        if cell.target == target and isinstance(cell.pacing, pacing):
            window = cell.phases[0] if cell.phases else None
            found[cell.round] = None if window is None or is_invalid(window) else window
    return found


def _values(windows: Windows, metric: Metric) -> dict[int, float | None]:
    """By round. A window that is too short for the figure is left out."""
    values: dict[int, float | None] = {}
    for number, window in windows.items():
        value = None if window is None else metric.per_window(window)
        if window is None or value is not None:
            values[number] = value
    return values


def _figure(windows: Windows, metric: Metric) -> float | None:
    usable = [window for window in windows.values() if window is not None]
    return metric.value(usable) if usable else None


def crosscheck_table(found: Sequence[Agreement]) -> Table:
    """Both figures, their ratio, and whether that is within the tolerance."""
    return Table(
        title="Crosscheck",
        columns=(
            *("framework", "figure", "unit", "lab", "Locust", "Locust / lab"),
            *("tolerance", "verdict", "rounds needed"),
        ),
        rows=tuple(
            (
                one.target,
                one.metric.title,
                one.metric.unit,
                one.metric.format(one.ours),
                one.metric.format(one.locust),
                interval_words(one.verdict.ratio) if one.verdict.ratio else NO_FIGURE,
                f"{one.verdict.threshold:.0%}",
                one.word,
                rounds_words(one.verdict),
            )
            for one in found
        ),
        numeric=(False, False, False, *([True] * 4), False, True),
        caption=(
            "Ratios paired within rounds, with their 95 % intervals. Agree: the whole interval is "
            "within the tolerance; disagree: all of it is beyond. p50 and p99 are latency from "
            "when a request was due."
        ),
    )


def outcome_words(found: Sequence[Agreement]) -> str:
    """The whole crosscheck in one sentence."""
    apart = [f"{one.target} {one.metric.title}" for one in found if one.word == "DISAGREE"]
    if apart:
        return f"The two generators DISAGREE beyond the tolerance: {', '.join(apart)}."
    agreed = sum(one.word == "agree" for one in found)
    if agreed == len(found):
        return f"The two generators agree on all {agreed} figures."
    return (
        f"The two generators agree on {agreed} of {len(found)} figures; nothing disagrees, the "
        "others are undecided: more ROUNDS, or a quieter machine."
    )


def crosscheck_page(material: Material) -> Page:
    """The report of a crosscheck."""
    record = material.record
    found = agreements(record)
    pacings = {cell.pacing for cell in record.cells}
    ours = next((one for one in pacings if isinstance(one, OpenLoop)), None)
    theirs = next((one for one in pacings if isinstance(one, Users)), None)
    told = "none measured yet"
    if ours and theirs:
        told = (
            f"{ours.rate_per_s:g} requests/s in an open loop, against {theirs.users} users with "
            f"{theirs.throughput_per_s:g} requests/s each"
        )
    rounds = len({cell.round for cell in record.cells})
    state = "" if record.state == "complete" else f" This run is {record.state}, not complete."
    return Page(
        title=f"Crosscheck {record.run_id}",
        lead=(
            outcome_words(found),
            f"Workload {', '.join(record.plan.workloads)}: {told}. {rounds} of "
            f"{record.plan.rounds} rounds, windows of {record.plan.window_s:g} s, "
            f"seed {record.plan.seed}.{state}",
            machine_line(record),
            placement_line(record),
        ),
        tables=(crosscheck_table(found),),
        notes=tuple(_lateness_notes(record)),
        warnings=doubts(material),
        facts=tuple(provenance_lines(record)),
    )


def _lateness_notes(record: RunRecord) -> list[str]:
    """How late each side was sending: what the latencies hold of the generators themselves."""
    notes = []
    for name, pacing in ((OURS, OpenLoop), (LOCUST, Users)):
        late = [
            window.load.lateness
            for cell in record.cells
            if isinstance(cell.pacing, pacing)
            for window in cell.phases
            if window.load.lateness is not None and window.load.lateness.p99_s is not None
        ]
        if late:
            p50_ms, p99_ms = (
                sum(getattr(one, field) for one in late) / len(late) * 1e3
                for field in ("p50_s", "p99_s")
            )
            notes.append(
                f"{name} sent {p50_ms:.2f} ms late at p50 and {p99_ms:.2f} ms at p99, the mean "
                f"over its windows; that is part of its {time_word(record.cells[0].pacing)}."
            )
    return notes
