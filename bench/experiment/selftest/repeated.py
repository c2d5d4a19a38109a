"""A service against itself, and against itself with a planted slowdown, as runs judge targets.

How often a method is wrong shows only where the truth is known: two copies of one service differ
by nothing. Each repetition is a run of its own, with new processes for each round, judged by the
rule and the threshold of a run's tables.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.analysis.measures import Measure, measures_of, speeds_of
from bench.analysis.validity import usable
from bench.experiment.assembly import open_lab
from bench.experiment.cell import Bench
from bench.experiment.plan import make_plan, select_profile
from bench.experiment.schedule import steps
from bench.experiment.selftest.run import alone, up
from bench.experiment.selftest.twins import Twins, make_twins
from bench.experiment.turns import measure_turns
from bench.load.generator import Generator
from bench.model import CellResult, Plan, Verdict
from bench.stats.verdict import Comparison, judge
from bench.workloads import Workload


@dataclass(frozen=True)
class TwinVerdict:
    """What one repetition says of a twin: judged alone, in a family of one."""

    number: int
    measure: Measure
    verdict: Verdict


def repeat_twins(
    service: str,
    workload: Workload,
    profile: str,
    times: int,
    planted_share: float,
    say: Callable[[TwinVerdict], None],
) -> tuple[TwinVerdict, ...]:
    """Measure the twins so many times; nothing is left out. `say` is told each verdict at once.

    Raises LabBusy when something else measures, UsageError on an unknown service or profile.
    """
    lab = open_lab((service,))
    found: list[TwinVerdict] = []
    with alone(lab):
        twins = make_twins(lab, lab.targets[0], planted_share)
        with up(twins), Generator(twins.lab.placement.generator) as generator:
            for number in range(1, times + 1):
                plan = make_plan(select_profile(profile), twins.in_order, (workload,), seed=number)
                bench = Bench(twins.lab, plan, generator, {}, lambda _progress: None)
                for outcome in judged(twins, plan, measured(bench, first=number == 1), number):
                    say(outcome)
                    found.append(outcome)
    return tuple(found)


def measured(bench: Bench, *, first: bool) -> list[CellResult]:
    """All cells of a plan. The first of its rounds may have the processes that were started."""
    cells: list[CellResult] = []
    for step in steps(bench.plan):
        if not (first and step.round == 1):
            bench.lab.restart_all(bench.lab.targets)
        cells += measure_turns(bench, step, bench.lab.targets)
    return cells


def judged(
    twins: Twins, plan: Plan, cells: Sequence[CellResult], number: int
) -> Iterator[TwinVerdict]:
    """Verdicts on the identical twin and on the slow one, each against `a`, by each measure."""
    (workload,) = plan.workloads
    windows = {
        target.name: {
            cell.round: usable(cell, workload) for cell in cells if cell.target == target.name
        }
        for target in twins.in_order
    }
    for measure in measures_of(plan):
        speeds = {name: speeds_of(mine, measure) for name, mine in windows.items()}
        for subject in (twins.b, twins.slow):
            pair = Comparison(
                subject.name, twins.a.name, speeds[subject.name], speeds[twins.a.name]
            )
            (verdict,) = judge([pair])
            yield TwinVerdict(number, measure, verdict)
