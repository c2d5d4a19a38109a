"""The identical and the slowed service, measured and judged as targets are.

**What is asked.** `/ping`: the server's and the framework's own work and nothing else. The app's
core is the limit, no database adds its noise, and 10 % more CPU per request is 1/1.1 of the rate.

**What is judged** is CPU time per request: the price of the work, with half of the rate's noise.

**The threshold** is 5 %. It lies half-way between the two truths, 0 and ln 1.1 = 9.5 %, so that
both questions are equally hard. At the lab's usual 2 % the identical pair would take six times
the rounds.

**A round** is one of a run: new processes, and then turns, by the same code.

**Rounds are added** in fixed looks until both verdicts stand. Who looks five times has five
chances to see what is not there. Therefore the looks share one error rate of 5 %, each with twice
the part of the one before: 0.2, 0.3, 0.6, 1.3 and 2.6 %. By Bonferroni's inequality all together
keep 95 %, however they depend on each other: a faulty lab, whose true ratio lies on the wrong side
of the threshold, passes in at most 5 of 100 self-tests. A quiet machine is done early although the
first looks are strict; a noisy one has most of the error rate when it has most rounds. If the last
look is inconclusive, this machine is too noisy to tell 10 %, and the self-test fails.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.analysis.measures import COST, speeds_of
from bench.analysis.validity import usable
from bench.experiment.cell import Bench
from bench.experiment.plan import LEAD_IN_S
from bench.experiment.schedule import Step, steps
from bench.experiment.selftest.twins import Twins
from bench.experiment.turns import measure_turns
from bench.load.generator import Generator
from bench.model import CellResult, ClosedLoop, Plan, Turns, Verdict
from bench.stats.verdict import Comparison, judge

THRESHOLD = 0.05
LEVEL = 0.95
CONCURRENCY = 20

WINDOW_S = 1.5
"""What is counted of each in a round."""

TURN_S = 0.1


@dataclass(frozen=True)
class Patience:
    """After how many rounds to look, and how long in all the rounds may take."""

    looks: tuple[int, ...] = (6, 10, 17, 28, 46)
    limit_s: float = 1500.0
    window_s: float = WINDOW_S

    def level(self, look: int) -> float:
        """The level of one look; all of them together keep LEVEL."""
        part = 2.0 ** self.looks.index(look) / (2.0 ** len(self.looks) - 1)
        return 1 - (1 - LEVEL) * part

    def goes_on(self, done: int, elapsed_s: float) -> int | None:
        """The number of rounds at the next look, if there is one and there is time for it."""
        following = next((look for look in self.looks if look > done), None)
        if following is None or (done and elapsed_s / done * following > self.limit_s):
            return None
        return following


def compare(
    twins: Twins, patience: Patience, say: Callable[[str], None]
) -> tuple[Verdict, Verdict]:
    """Verdicts on the identical twin and on the slow one, each against `a`.

    The twins are up. Raises what `measure_turns` raises.
    """
    cells: list[CellResult] = []
    began_s, done = time.monotonic(), 0
    with Generator(twins.lab.placement.generator) as generator:
        plan = _plan(twins, patience)
        bench = Bench(twins.lab, plan, generator, {}, lambda _progress: None)
        while look := patience.goes_on(done, time.monotonic() - began_s):
            for step in steps(replace(plan, rounds=look)):
                if step.round > done:
                    cells += _measure_round(bench, step)
            done = look
            identical, planted = judged(twins, cells, patience.level(look))
            say(f"{done} rounds: twin {identical.kind}, planted slowdown {planted.kind}")
            if settled((identical, planted)):
                break
    return identical, planted


def _plan(twins: Twins, patience: Patience) -> Plan:
    return Plan(
        profile="selftest",
        targets=tuple(target.name for target in twins.in_order),
        workloads=("ping",),
        pacing=ClosedLoop(CONCURRENCY),
        rounds=0,  # they are added as they are needed
        seed=1,
        rows=100,
        window_s=patience.window_s,
        requests=1,
        warm_up_min_s=0.4,
        warm_up_max_s=1.0,
        turns=Turns(TURN_S, LEAD_IN_S),
    )


def _measure_round(bench: Bench, step: Step) -> Sequence[CellResult]:
    if step.round > 1:  # the first has those that were just started
        bench.lab.renew_all(bench.lab.targets)
    return measure_turns(bench, step, bench.lab.targets)


def judged(twins: Twins, cells: Sequence[CellResult], level: float) -> tuple[Verdict, Verdict]:
    """The twin's verdict and the slow one's, one family."""
    cheapness = {
        target.name: speeds_of(
            {cell.round: usable(cell, "ping") for cell in cells if cell.target == target.name},
            COST,
        )
        for target in twins.in_order
    }
    family = [
        Comparison(subject.name, twins.a.name, cheapness[subject.name], cheapness[twins.a.name])
        for subject in (twins.b, twins.slow)
    ]
    identical, planted = judge(family, THRESHOLD, level)
    return identical, planted


def settled(verdicts: Sequence[Verdict]) -> bool:
    """Whether more rounds would change nothing. An invalid comparison stays invalid."""
    return all(verdict.kind != "inconclusive" for verdict in verdicts)
