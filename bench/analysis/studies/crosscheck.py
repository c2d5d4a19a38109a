"""Whether the lab's own generator and Locust agree about one service under the same load."""

from dataclasses import dataclass
from typing import Literal

from bench.analysis.measures import Measure, lacking
from bench.analysis.validity import is_invalid, valid_windows
from bench.metrics import METRICS, Metric
from bench.model import Crosscheck, OpenLoop, PhaseResult, RunRecord, Users, Verdict
from bench.stats.verdict import Comparison, judge

OURS, LOCUST = "the lab's generator", "Locust"
WindowsByRound = dict[int, PhaseResult | None]


@dataclass(frozen=True)
class CrosscheckFigure:
    """One figure of one target from both. `ratio` of the verdict is Locust / the lab's own.

    The verdict is *indistinguishable* where the whole interval lies within the tolerance.
    """

    target: str
    metric: Metric
    ours: float | None
    locust: float | None
    verdict: Verdict

    @property
    def outcome(self) -> Literal["agree", "disagree", "inconclusive", "invalid"]:
        """Whether the two agree within the tolerance, as far as the rounds can tell."""
        match self.verdict.kind:
            case "indistinguishable":
                return "agree"
            case "faster" | "slower":
                return "disagree"
            case kind:
                return kind


def agreements(record: RunRecord) -> tuple[CrosscheckFigure, ...]:
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
) -> CrosscheckFigure:
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
    return CrosscheckFigure(target, metric, ours, _figure(theirs, metric), verdict)


def _windows(record: RunRecord, target: str, pacing: type[OpenLoop | Users]) -> WindowsByRound:
    """The windows of one side by round; None where one was measured and must not be used."""
    found: WindowsByRound = {}
    for cell in record.cells:
        if cell.target == target and isinstance(cell.pacing, pacing):
            window = cell.phases[0] if cell.phases else None
            found[cell.round] = None if window is None or is_invalid(window) else window
    return found


def _values(windows: WindowsByRound, metric: Metric) -> dict[int, float | None]:
    """By round. A window that is too short for the figure is left out."""
    values: dict[int, float | None] = {}
    for number, window in windows.items():
        value = None if window is None else metric.per_window(window)
        if window is None or value is not None:
            values[number] = value
    return values


def _figure(windows: WindowsByRound, metric: Metric) -> float | None:
    usable = valid_windows(windows)
    return metric.value(usable) if usable else None
