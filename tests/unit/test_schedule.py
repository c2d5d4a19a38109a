"""The order of cells: complete, interleaved, mirrored, and the same for the same seed."""

from collections import Counter

from bench.experiment.schedule import visits

from .factories import plan

PLAN = plan(workloads=("create", "read", "list"), rounds=4)


def test_every_cell_once_per_round() -> None:
    """No cell is left out and none is measured twice in a round."""
    counts = Counter((v.round, v.target, v.workload) for v in visits(PLAN))
    assert set(counts.values()) == {1}
    assert len(counts) == 4 * 3 * 3


def test_rounds_come_one_after_the_other() -> None:
    """A run that is cut short has whole rounds, and a part of one at most."""
    rounds = [visit.round for visit in visits(PLAN)]
    assert rounds == sorted(rounds)


def test_targets_of_a_workload_are_neighbours() -> None:
    """What is compared is measured close together in time."""
    order = [(visit.round, visit.workload) for visit in visits(PLAN)]
    for start in range(0, len(order), 3):
        assert len(set(order[start : start + 3])) == 1


def test_even_rounds_are_mirrored() -> None:
    """ABBA: a drift favours each end in turn."""
    by_round = {
        number: [v.target for v in visits(PLAN) if v.round == number][:3] for number in (1, 2, 3)
    }
    assert by_round[1] == ["fastapi", "flask", "drf"]
    assert by_round[2] == ["drf", "flask", "fastapi"]
    assert by_round[3] == by_round[1]


def test_the_seed_decides_the_order_of_workloads() -> None:
    """Same plan, same order; another seed, another order in some round."""
    assert list(visits(PLAN)) == list(visits(PLAN))
    others = [
        list(visits(plan(workloads=PLAN.workloads, rounds=4, seed=seed))) for seed in range(5)
    ]
    assert any(other != others[0] for other in others[1:])
