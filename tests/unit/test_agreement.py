"""How well runs agree: what is counted, and that its yardstick allows for both sides' errors."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.analysis.agreement import agreement
from bench.errors import UsageError
from bench.model import RunRecord, Sweep
from bench.report.lab import agreement_table
from bench.stats.agreement import off_others
from bench.stats.ratio import LogRatio, ratio_estimate

from .factories import cell, load_result, plan, record, window, with_study

JITTER = (1.0, 1.004, 0.996, 1.002)
PLAN = plan(targets=("flask", "drf"), rounds=4)


def run_of(run_id: str, speed: float = 1.5, rounds: int = 4) -> RunRecord:
    """Flask is `speed` times as fast as DRF, give or take a little."""
    cells = tuple(
        cell(n, target, phases=(window(load=load_result(round(10_000 * rate))),))
        for n in range(1, rounds + 1)
        for target, rate in (("drf", 1.0), ("flask", speed * JITTER[n % 4]))
    )
    return record(run_id=run_id, plan=PLAN, cells=cells)


def test_runs_that_are_alike_agree() -> None:
    """Every interval of rate and cost holds the others' mean, every verdict is the same."""
    found = agreement([run_of("a"), run_of("b", 1.501), run_of("c", 1.499)])
    assert (found.runs, found.compared, found.kinds) == (3, 6, {"faster": 6})
    assert found.contradictions == 0
    assert found.held_plain == found.held_allowing == found.held_by_verdicts == 6
    assert ("intervals of the verdict table that held it", "6 of 6", "100%") in (
        agreement_table(found).rows
    )


def test_a_run_that_is_off_is_counted_and_a_contradiction_too() -> None:
    """A ratio that jumped by a tenth is in no interval; the other way round is a contradiction."""
    off = agreement([run_of("a"), run_of("b"), run_of("c"), run_of("d", 1.65)])
    assert off.held_plain == 0
    assert (
        off.held_allowing == 6
    )  # of rate and cost: the three differ from a mean of which the jump is a part
    assert off.contradictions == 0
    turned = agreement([run_of("a"), run_of("b"), run_of("c", 0.5)])
    assert turned.contradictions == 2
    assert turned.kinds == {"faster": 4, "slower": 2}


def test_the_error_of_the_others_mean_is_allowed_for() -> None:
    """With it 95 % intervals hold about 95 %; without it, against few other runs, far fewer."""
    random = np.random.default_rng(11)
    allowing = plain = 0
    for _ in range(1000):
        rounds = random.normal(0, 0.05, (5, 4))
        mine = LogRatio(float(rounds[0].mean()), (4,), (float(rounds[0].var(ddof=1)),))
        others = rounds[1:].mean(axis=1).tolist()
        spread = ratio_estimate(off_others(mine, others))
        allowing += spread.low <= 1 <= spread.high
        own = ratio_estimate(mine)
        plain += own.low <= math.exp(float(np.mean(others))) <= own.high
    assert 0.93 < allowing / 1000 < 0.985
    assert plain < allowing


def test_what_cannot_be_set_against_each_other_is_refused() -> None:
    """Too few runs, one twice, a study, other conditions, too few rounds: each in a sentence."""
    a, b, c = run_of("a"), run_of("b"), run_of("c")
    for few in ([], [a, b], [a, b, b]):
        with pytest.raises(UsageError, match="at least 3 runs, each named once"):
            agreement(few)
    with pytest.raises(UsageError, match="is a sweep"):
        agreement([a, b, with_study(c, Sweep((1, 2)))])
    longer = replace(c, plan=replace(c.plan, window_s=9.0))
    with pytest.raises(UsageError, match=r"plan\.window_s"):
        agreement([a, b, longer])
    with pytest.raises(UsageError, match="at least 2 rounds"):
        agreement([run_of(name, rounds=1) for name in "abc"])
    with pytest.raises(ValueError, match="at least 2"):
        off_others(LogRatio(0.0, (4,), (1.0,)), [0.0])
