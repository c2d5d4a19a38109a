"""The identical and the slowed service, compared as any two states of a service are (`make ab`).

**What is asked.** `/ping`: the server's and the framework's own work and nothing else. The app's
core is the limit, no database adds its noise, and 10 % more CPU per request is 1/1.1 of the rate.

**What is judged** is CPU time per request: the price of the work, with half of the rate's noise.

**The threshold** is 5 %. It lies half-way between the two truths, 0 and ln 1.1 = 9.5 %, so that
both questions are equally hard. At the lab's usual 2 % the identical pair would take six times
the rounds.

**A round** is one of a run: new processes, and then turns, by the same code.

**Rounds are added** in fixed looks until both verdicts stand; all looks together keep 95 %
(`bench.stats.looks`). So a faulty lab, whose true ratio lies on the wrong side of the threshold,
passes in at most 5 of 100 self-tests. If the last look is inconclusive, this machine is too noisy
to tell 10 %, and the self-test fails.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.analysis.studies.ab import answer
from bench.experiment.ab.rounds import next_of
from bench.experiment.cell import Bench, utc_now
from bench.experiment.plan import LEAD_IN_S
from bench.experiment.schedule import Step
from bench.experiment.selftest.twins import Twins
from bench.experiment.turns import measure_turns
from bench.load.generator import Generator
from bench.metrics import METRICS
from bench.model import AB, CellResult, ClosedLoop, Plan, RunRecord, Side, Turns, Verdict
from bench.stats.looks import level_of, next_look
from bench.store import SCHEMA_VERSION

THRESHOLD = 0.05
LEVEL = 0.95
CONCURRENCY = 20

WINDOW_S = 1.5
"""What is counted of each in a round."""

TURN_S = 0.3


@dataclass(frozen=True)
class Patience:
    """After how many rounds to look, and how long in all the rounds may take."""

    looks: tuple[int, ...] = (6, 10, 17, 28, 46)
    limit_s: float = 1500.0
    window_s: float = WINDOW_S

    def level(self, look: int) -> float:
        """The level of one look; all of them together keep LEVEL."""
        return level_of(look, self.looks, LEVEL)

    def goes_on(self, done: int, elapsed_s: float) -> int | None:
        """The number of rounds at the next look, if there is one and there is time for it."""
        following = next_look(done, self.looks)
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
    began_s, allowed = time.monotonic(), 0
    next_step = next_of(record_of(twins, patience))
    with Generator(twins.lab.placement.generator) as generator:
        plan = _plan(twins, patience)
        bench = Bench(twins.lab, plan, generator, {}, lambda _progress: None)
        while step := next_step(cells):
            if step.round > allowed:
                following = patience.goes_on(step.round - 1, time.monotonic() - began_s)
                if following is None:
                    break
                allowed = following
            cells += _measure_round(bench, step)
            if step.round in patience.looks:
                identical, planted = judged(twins, cells, patience)
                say(f"{step.round} rounds: twin {identical.kind}, planted slowdown {planted.kind}")
    return judged(twins, cells, patience)


def _plan(twins: Twins, patience: Patience) -> Plan:
    a = twins.a.name
    sides = tuple(Side(twin.name, a, twin.label, a) for twin in twins.in_order)
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
        warm_up_min_s=0.1,
        warm_up_max_s=1.0,
        turns=Turns(TURN_S, LEAD_IN_S),
        study=AB(sides, patience.looks, THRESHOLD, LEVEL, metrics=(METRICS["app_cost"].name,)),
    )


def record_of(twins: Twins, patience: Patience) -> RunRecord:
    """A run of the twins that nobody stores, without its cells."""
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id="selftest",
        plan=_plan(twins, patience),
        placement=twins.lab.placement,
        supervisor="",
        provenance={},
        diagnostics=(),
        started_at=utc_now(),
        state="running",
    )


def _measure_round(bench: Bench, step: Step) -> Sequence[CellResult]:
    if step.round > 1:  # the first has those that were just started
        bench.lab.restart_all(bench.lab.targets)
    return measure_turns(bench, step, bench.lab.targets)


def judged(
    twins: Twins, cells: Sequence[CellResult], patience: Patience
) -> tuple[Verdict, Verdict]:
    """The twin's verdict and the slow one's at the latest look, one family."""
    found = answer(replace(record_of(twins, patience), cells=tuple(cells)))
    by_side = {change.side.name: change.verdict for change in found.deciding}
    return by_side[twins.b.name], by_side[twins.slow.name]
