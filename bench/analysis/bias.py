"""The ratios of targets in turns, set against their ratios in windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal, get_args

from bench.analysis.measures import COST, main_measure
from bench.metrics import Metric
from bench.model import CellResult, Estimate, Target
from bench.pairs import pairs
from bench.stats.estimate import exponential, mean_estimate

Way = Literal["turns", "windows"]
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True)
class Bias:
    """The ratio of two targets in turns, divided by their ratio in windows, over repetitions."""

    workload: str
    subject: str
    reference: str
    metric: Metric
    in_turns: Estimate
    in_windows: Estimate
    bias: Estimate


def biases(targets: Sequence[Target], cells: Sequence[tuple[Way, CellResult]]) -> tuple[Bias, ...]:
    """For each measure, workload and pair of targets that means something.

    Every target was measured both ways in every repetition, which is the cell's round.
    """
    workloads = tuple(dict.fromkeys(cell.workload for _, cell in cells))
    return tuple(
        _bias(cells, measure.metric, workload, subject.name, reference.name)
        for measure in (main_measure(cells[0][1].pacing), COST)
        for workload in workloads
        for subject, reference in pairs(targets)
    )


def _bias(
    cells: Sequence[tuple[Way, CellResult]],
    metric: Metric,
    workload: str,
    subject: str,
    reference: str,
) -> Bias:
    of_workload = [(way, cell) for way, cell in cells if cell.workload == workload]
    turns, windows = (
        _log_ratios(
            [cell for measured_way, cell in of_workload if measured_way == way],
            metric,
            subject,
            reference,
        )
        for way in WAYS
    )
    differences = [turns[number] - windows[number] for number in turns]
    in_turns, in_windows, bias = (
        exponential(mean_estimate(logs))
        for logs in (list(turns.values()), list(windows.values()), differences)
    )
    return Bias(workload, subject, reference, metric, in_turns, in_windows, bias)


def _log_ratios(
    cells: Sequence[CellResult], metric: Metric, subject: str, reference: str
) -> Mapping[int, float]:
    """By repetition."""
    values = {(cell.round, cell.target): metric.value(cell.phases) for cell in cells}
    found = {}
    for number in dict.fromkeys(cell.round for cell in cells):
        ours, theirs = values[number, subject], values[number, reference]
        assert ours, "a window without an answer"
        assert theirs, "a window without an answer"
        found[number] = log(ours / theirs)
    return found
