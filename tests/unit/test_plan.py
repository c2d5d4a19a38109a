"""Profiles and plans: defaults, bounds, and enough rows to delete."""

import pytest

from bench.errors import UsageError
from bench.experiment.plan import make_plan, rows_to_load, select_profile
from bench.model import ClosedLoop
from bench.targets import known_targets
from bench.workloads import OPERATIONS, WORKLOADS, select_workloads

QUICK = select_profile("quick")


def test_the_default_is_all_frameworks_and_the_five_operations() -> None:
    """`make bench` without a word more measures what DRF, Flask and FastAPI all do."""
    plan = make_plan(QUICK, known_targets(), (), seed=1)
    assert plan.targets == ("fastapi", "flask", "drf")
    assert plan.workloads == OPERATIONS
    assert plan.pacing == ClosedLoop(20)
    assert plan.requests == 500


def test_rounds_and_requests_replace_the_defaults() -> None:
    """What is given on the command line wins over the profile."""
    workloads = select_workloads(("crud",))
    plan = make_plan(QUICK, known_targets(), workloads, seed=1, rounds=7, requests=50)
    assert (plan.rounds, plan.requests, plan.workloads) == (7, 50, ("crud",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": 0},
        {"requests": 0},
        {"pacing": ClosedLoop(0)},
        {"pacing": ClosedLoop(1001)},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    """Nonsense is a usage error before anything starts."""
    with pytest.raises(UsageError):
        make_plan(QUICK, known_targets(), (), seed=1, **wrong)  # type: ignore[arg-type]


def test_an_unknown_profile_names_the_known() -> None:
    """`PROFILE=quik` is told what there is."""
    with pytest.raises(UsageError) as caught:
        select_profile("quik")
    assert "quick" in caught.value.remedy


def test_cells_that_delete_get_rows_for_warm_up_and_window() -> None:
    """The two ranges are disjoint, and the rest of the cells keep the common number of rows."""
    plan = make_plan(QUICK, known_targets(), (), seed=1)
    warm, total = rows_to_load(plan, WORKLOADS["delete"])
    assert 0 < warm < total
    assert rows_to_load(plan, WORKLOADS["read"]) == (plan.rows, plan.rows)
