"""The order of cells and of turns: complete, interleaved, balanced, the same for the same seed."""

from collections import Counter
from itertools import chain, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.experiment.schedule import first_missing, passes, steps
from bench.model import ClosedLoop, OpenLoop, Turns

from .factories import cell, plan

PLAN = plan(workloads=("create", "read", "list"), rounds=4)
IN_TURNS = plan(workloads=("create", "read", "crud"), rounds=4, turns=Turns(0.1, 0.025))


@pytest.mark.parametrize("planned", [PLAN, IN_TURNS])
def test_every_cell_once_per_round(planned) -> None:
    """No cell is left out and none is measured twice in a round."""
    counts = Counter(
        (step.round, target, step.workload) for step in steps(planned) for target in step.targets
    )
    assert set(counts.values()) == {1}
    assert len(counts) == 4 * 3 * 3


def test_rounds_come_one_after_the_other() -> None:
    """A run that is cut short has whole rounds, and a part of one at most."""
    rounds = [step.round for step in steps(PLAN)]
    assert rounds == sorted(rounds)


def test_targets_of_a_workload_are_neighbours() -> None:
    """What is compared is measured close together in time."""
    order = [(step.round, step.workload) for step in steps(PLAN)]
    for start in range(0, len(order), 3):
        assert len(set(order[start : start + 3])) == 1


def test_even_rounds_are_mirrored() -> None:
    """ABBA: a drift favours each end in turn."""
    by_round = {
        number: [step.targets for step in steps(PLAN) if step.round == number][:3]
        for number in (1, 2, 3)
    }
    assert by_round[1] == [("fastapi",), ("flask",), ("drf",)]
    assert by_round[2] == by_round[1][::-1]
    assert by_round[3] == by_round[1]


def test_the_seed_decides_the_order_of_workloads() -> None:
    """Same plan, same order; another seed, another order in some round."""
    assert list(steps(PLAN)) == list(steps(PLAN))
    others = [list(steps(plan(workloads=PLAN.workloads, rounds=4, seed=seed))) for seed in range(5)]
    assert any(other != others[0] for other in others[1:])


def test_targets_take_turns_in_a_closed_loop() -> None:
    """A scenario's too, a phase each; an open loop's queue builds on what came before."""
    together = {step.workload: len(step.targets) for step in steps(IN_TURNS)}
    assert together == {"create": 3, "read": 3, "crud": 3}
    assert all(step.turns == IN_TURNS.turns for step in steps(IN_TURNS))
    opened = plan(workloads=("read",), pacing=OpenLoop(100.0), turns=Turns(0.1, 0.025))
    assert {len(step.targets) for step in steps(opened)} == {1}


def test_what_is_missing_comes_next() -> None:
    """Of a step whose cells are there in part, the others are left."""
    both = plan(workloads=("create", "read"), turns=Turns(0.1, 0.025))
    first, second, *_ = steps(both)
    stored = [cell(1, target, first.workload, pacing=ClosedLoop(20)) for target in first.targets]
    assert first_missing(steps(both), []) == first
    assert first_missing(steps(both), stored) == second
    (left,) = first_missing(steps(both), stored[:2]).targets
    assert left == first.targets[2]


TARGETS = tuple("abcdefghij")


@given(st.integers(1, 10), st.integers(), st.integers(1, 60))
def test_each_pass_has_everybody_once(count: int, seed: int, number: int) -> None:
    """Whatever the number of targets, and nobody follows itself where there is anybody else."""
    targets = TARGETS[:count]
    made = list(islice(passes(targets, str(seed)), number))
    assert all(sorted(order) == list(targets) for order in made)
    if count > 1:
        assert all(target != other for target, other in pairwise(chain(*made)))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 10])
@pytest.mark.parametrize("seed", range(5))
def test_every_succession_is_as_frequent_as_any_other(count: int, seed: int) -> None:
    """What a target leaves behind in caches is each other one's share alike."""
    targets = TARGETS[:count]
    number = 20 * (count - 1)
    followed = Counter(pairwise(chain(*islice(passes(targets, str(seed)), number))))
    expected = number / (count - 1)
    assert len(followed) == count * (count - 1)
    assert max(followed.values()) <= 1.25 * expected
    assert min(followed.values()) >= 0.75 * expected
