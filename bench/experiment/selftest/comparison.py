"""The identical and the slowed service, measured and judged as targets are.

**What is asked.** `/ping`: the server's and the framework's own work and nothing else. The app's
core is the limit, no database adds its noise, and 10 % more CPU per request is 1/1.1 of the rate.

**The threshold** is 5 %. It lies half-way between the two truths, 0 and ln 1.1 = 9.5 %, so that
both questions are equally hard. At the lab's usual 2 % the identical pair would take six times
the rounds.

**Windows** last half a second: a machine's speed changes all the time, and the closer the three
cells are, the more of a change they share. **A round** begins with new processes, as in a run, and
visits the three cells six times, once in every order. So each is as often first as last and comes
as often after each of the others, and never after itself: who has just been measured has its caches
warm (Williams, *Experimental designs balanced for the estimation of residual effects of
treatments*, 1949). A round's ratio is the mean of six; what counts is the number of rounds, so
that the interval holds what windows and what processes differ by.

**Rounds are added** in fixed looks until both verdicts stand. Who looks five times has five
chances to see what is not there. Therefore the looks share one error rate of 5 %, each with twice
the part of the one before: 0.2, 0.3, 0.6, 1.3 and 2.6 %. By Bonferroni's inequality all together
keep 95 %, however they depend on each other: a faulty lab, whose true ratio lies on the wrong side
of the threshold, passes in at most 5 of 100 self-tests. A quiet machine is done early although the
first looks are strict; a noisy one has most of the error rate when it has most rounds. If the last
look is inconclusive, this machine is too noisy to tell 10 %, and the self-test fails.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.analysis.measures import RATE, speeds_of
from bench.analysis.validity import is_invalid
from bench.experiment.cell import Bench, measure_cell
from bench.experiment.schedule import Visit
from bench.experiment.selftest.twins import Twins
from bench.load.generator import Generator
from bench.model import ClosedLoop, PhaseResult, Plan, Verdict
from bench.stats.verdict import Comparison, judge

THRESHOLD = 0.05
LEVEL = 0.95
CONCURRENCY = 20

ORDERS = ((0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (1, 0, 2), (0, 2, 1))
"""Of the three targets, in a round's passes."""

Windows = Mapping[str, Mapping[int, Sequence[PhaseResult]]]
"""Each target's windows, by round: one for each pass."""


@dataclass(frozen=True)
class Patience:
    """After how many rounds to look, and how long in all the rounds may take.

    A round has so many `passes`, of which all of ORDERS make it balanced.
    """

    looks: tuple[int, ...] = (6, 10, 17, 28, 46)
    limit_s: float = 1500.0
    passes: int = len(ORDERS)

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

    The twins are up. Raises what `measure_cell` raises.
    """
    windows: dict[str, dict[int, list[PhaseResult]]] = {one.name: {} for one in twins.in_order}
    began_s, done = time.monotonic(), 0
    with Generator(twins.lab.placement.generator) as generator:
        bench = Bench(twins.lab, _plan(twins), generator, {}, lambda _progress: None)
        while look := patience.goes_on(done, time.monotonic() - began_s):
            for number in range(done + 1, look + 1):
                _measure_round(bench, number, patience.passes, windows)
            done = look
            identical, planted = judged(twins, windows, patience.level(look))
            say(f"{done} rounds: twin {identical.kind}, planted slowdown {planted.kind}")
            if settled((identical, planted)):
                break
    return identical, planted


def _plan(twins: Twins) -> Plan:
    return Plan(
        profile="selftest",
        targets=tuple(one.name for one in twins.in_order),
        workloads=("ping",),
        pacing=ClosedLoop(CONCURRENCY),
        rounds=0,  # they are added as they are needed
        seed=1,
        rows=100,
        window_s=0.5,
        requests=1,
        warm_up_min_s=0.5,
        warm_up_max_s=1.0,
    )


def _measure_round(
    bench: Bench, number: int, passes: int, windows: dict[str, dict[int, list[PhaseResult]]]
) -> None:
    targets = bench.lab.targets
    if number > 1:  # the first has those that were just started
        for target in targets:
            bench.lab.isolate(target)
            bench.lab.renew(target)
    for turn, order in enumerate(ORDERS[:passes]):
        for target in (targets[place] for place in order):
            visit = Visit(number * passes + turn, target.name, "ping")
            (window,) = measure_cell(bench, visit, target).phases
            windows[target.name].setdefault(number, []).append(window)
        # From now on they were only frozen: they need their connections again, and no more.
        bench = replace(bench, plan=replace(bench.plan, warm_up_min_s=0.1, warm_up_max_s=0.2))


def judged(twins: Twins, windows: Windows, level: float) -> tuple[Verdict, Verdict]:
    """The twin's verdict and the slow one's, one family."""
    rates = {
        name: {number: _rate_per_s(passes) for number, passes in mine.items()}
        for name, mine in windows.items()
    }
    family = [
        Comparison(subject.name, twins.a.name, rates[subject.name], rates[twins.a.name])
        for subject in (twins.b, twins.slow)
    ]
    identical, planted = judge(family, THRESHOLD, level)
    return identical, planted


def _rate_per_s(passes: Sequence[PhaseResult]) -> float | None:
    """Of a round: the geometric mean, as ratios are judged; None when a window is invalid."""
    windows = {turn: None if is_invalid(one) else one for turn, one in enumerate(passes)}
    rates = [rate for rate in speeds_of(windows, RATE).values() if rate]
    return statistics.geometric_mean(rates) if len(rates) == len(passes) else None


def settled(verdicts: Sequence[Verdict]) -> bool:
    """Whether more rounds would change nothing. An invalid comparison stays invalid."""
    return all(verdict.kind != "inconclusive" for verdict in verdicts)
