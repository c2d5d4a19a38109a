"""Profiles and plans: defaults, bounds, and enough rows to delete."""

from itertools import takewhile

import pytest

from bench.errors import UsageError
from bench.experiment.plan import (
    LEAD_IN_S,
    kinds_of_requests,
    make_plan,
    pacing_from,
    rows_to_load,
    select_profile,
    turns_for,
)
from bench.histogram import tellable
from bench.load.pacing import arrivals as arrivals_of
from bench.load.request_source import PAGE, Source
from bench.model import Arrivals, ClosedLoop, LoadSpec, OpenLoop, Pacing, Rows
from bench.workloads import OPERATIONS, WORKLOADS, select_workloads

from .factories import THREE

QUICK = select_profile("quick")
CEILING_PER_S = 12_345.0


def test_the_default_is_the_five_operations() -> None:
    """`make bench` without a word more measures what every framework does."""
    plan = make_plan(QUICK, THREE, (), seed=1)
    assert plan.targets == ("fastapi", "flask", "drf")
    assert plan.workloads == OPERATIONS
    assert plan.pacing == ClosedLoop(20)
    assert plan.requests == 500


def test_rounds_and_requests_replace_the_defaults() -> None:
    """What is given on the command line wins over the profile."""
    workloads = select_workloads(("crud",))
    plan = make_plan(QUICK, THREE, workloads, seed=1, rounds=7, requests=50)
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
        make_plan(QUICK, THREE, (), seed=1, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"arrivals": "poisson"}, "a closed loop waits"),
        ({"arrivals": "sometimes"}, "unknown arrivals"),
        ({"arrivals": "sometimes", "rate_per_s": 100}, "unknown arrivals"),
        ({"rate_per_s": 100, "concurrency": 20}, "exclude each other"),
    ],
)
def test_a_pacing_that_would_ignore_something_is_refused(
    asked: dict[str, object], told: str
) -> None:
    """Nobody is told afterwards that what they said had no meaning."""
    with pytest.raises(UsageError, match=told):
        pacing_from(**asked)  # type: ignore[arg-type]


def test_a_pacing_from_what_was_asked() -> None:
    """What was left out is usual."""
    assert pacing_from() == ClosedLoop(20)
    assert pacing_from(concurrency=5) == ClosedLoop(5)
    assert pacing_from(200) == OpenLoop(200, "constant")
    assert pacing_from(200, arrivals="poisson") == OpenLoop(200, "poisson")


def test_turns_are_long_enough_for_many_connections() -> None:
    """All are answered before it counts, and more than once while it does; few change nothing."""
    usual = turns_for(20, 0.3)
    assert (usual.turn_s, usual.lead_in_s) == (0.3, LEAD_IN_S)
    many = make_plan(QUICK, THREE, (), seed=1, pacing=ClosedLoop(1000)).turns
    assert many is not None
    slowest_per_s = 500
    assert many.lead_in_s * slowest_per_s >= 1000
    assert many.turn_s * slowest_per_s >= 2 * 1000


def test_requests_without_anything_to_count_are_refused() -> None:
    """Time ends all windows but those of crud."""
    with pytest.raises(UsageError, match="crud alone"):
        make_plan(QUICK, THREE, (WORKLOADS["read"],), seed=1, requests=50)


def test_an_unknown_profile_names_the_known() -> None:
    """`PROFILE=quik` is told what there is."""
    with pytest.raises(UsageError) as caught:
        select_profile("quik")
    assert "quick" in caught.value.remedy


def test_cells_that_delete_get_rows_for_warm_up_and_window() -> None:
    """The two ranges are disjoint, and the rest of the cells keep the common number of rows."""
    plan = make_plan(QUICK, THREE, (), seed=1)
    warm, total = rows_to_load(plan, WORKLOADS["delete"], CEILING_PER_S)
    assert 0 < warm < total
    assert rows_to_load(plan, WORKLOADS["read"]) == (plan.rows, plan.rows)


@pytest.mark.parametrize("name", ["delete", "mixed"])
@pytest.mark.parametrize("pacing", [ClosedLoop(20), OpenLoop(3_000, "poisson"), OpenLoop(2)])
def test_there_are_rows_for_all_that_can_be_asked(name: str, pacing: Pacing) -> None:
    """Nobody deletes faster than the generator can ask, or than requests come due: neither the
    warm-up nor the window runs out. A mixture needs them for its deletes alone.
    """
    plan = make_plan(QUICK, THREE, (WORKLOADS[name],), seed=1, pacing=pacing)
    warm, total = rows_to_load(plan, WORKLOADS[name], CEILING_PER_S)
    rate_per_s = pacing.rate_per_s if isinstance(pacing, OpenLoop) else CEILING_PER_S
    for first, last, seconds in (
        (1, warm, plan.warm_up_max_s),
        (warm + 1, total, plan.window_s),
    ):
        (phase,) = WORKLOADS[name].phases(first, last)
        spec = LoadSpec("http://h", phase.shares, pacing, seed=1)
        source = Source(spec, {})
        for _ in range(int(rate_per_s * seconds)):
            assert source.next() is not None


@pytest.mark.parametrize("ceiling_per_s", [50.0, CEILING_PER_S])
@pytest.mark.parametrize("pacing", [ClosedLoop(20), OpenLoop(2)])
def test_a_mixture_never_changes_the_page_that_it_lists(
    pacing: Pacing, ceiling_per_s: float
) -> None:
    """The first hundred rows stay as they were loaded, in a warm-up of few rows too: else right
    answers would count as wrong.
    """
    plan = make_plan(QUICK, THREE, (WORKLOADS["mixed"],), seed=1, pacing=pacing)
    warm, _ = rows_to_load(plan, WORKLOADS["mixed"], ceiling_per_s)
    (phase,) = WORKLOADS["mixed"].phases(1, warm)
    changed = [share.ids for share in phase.shares if share.operation in ("update", "delete")]
    assert len(changed) == 2
    assert all(isinstance(ids, Rows) and ids.first > PAGE for ids in changed)


def test_the_number_of_rows_stays_from_run_to_run() -> None:
    """A ceiling scatters by some percent; runs that are compared start from the same rows."""
    plan = make_plan(QUICK, THREE, (), seed=1)
    delete = WORKLOADS["delete"]
    assert rows_to_load(plan, delete, 12_000) == rows_to_load(plan, delete, 13_000)
    with pytest.raises(ValueError, match="ceiling"):
        rows_to_load(plan, delete)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
@pytest.mark.parametrize("rate_per_s", [0.5, 50, 200, 20_000])
def test_an_open_loops_windows_are_long_enough_for_a_p99(
    rate_per_s: float, arrivals: Arrivals
) -> None:
    """Without one no verdict could be reached, however many rounds there are."""
    pacing = OpenLoop(rate_per_s, arrivals)
    plan = make_plan(QUICK, THREE, (), seed=1, pacing=pacing)
    assert plan.window_s >= QUICK.window_s
    for seed in range(3):
        due = takewhile(lambda due_s: due_s < plan.window_s, arrivals_of(pacing, seed))
        assert tellable(sum(1 for _ in due), 99)


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (("ping",), ("read",)),
        (("read", "delete"), ("read",)),
        (("echo",), ("read", "create")),
        (("update",), ("read", "create")),
        (("crud",), ("read", "create")),
        (("list",), ("read", "list")),
        (("mixed",), ("read", "create", "list")),
        ((), ("read", "create", "list")),
    ],
)
def test_the_ceiling_is_of_what_will_be_sent(
    names: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    """No second goes to requests that nobody makes; of all workloads together all are there."""
    plan = make_plan(QUICK, THREE, select_workloads(names), seed=1)
    assert kinds_of_requests(plan) == kinds
