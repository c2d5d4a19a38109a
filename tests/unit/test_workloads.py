"""Workloads ask for rows that exist, and never for one that they delete."""

from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.experiment.plan import PROFILES, make_plan, rows_to_load
from bench.load.request_source import PAGE
from bench.model import Created, OpenLoop, Rows
from bench.targets import known_targets
from bench.workloads import OPERATIONS, WORKLOADS, select_workloads


@pytest.mark.parametrize("name", WORKLOADS)
def test_ids_stay_inside_the_loaded_rows(name: str) -> None:
    """No phase draws an id outside the rows it is given."""
    for phase in WORKLOADS[name].phases(101, 200):
        for share in phase.shares:
            if isinstance(share.ids, Rows):
                assert 101 <= share.ids.first <= share.ids.last <= 200


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_is_deleted_is_deleted_once_and_used_by_nothing_else(name: str) -> None:
    """Deletes take each row once, from a range that no other share of the phase touches."""
    for phase in WORKLOADS[name].phases(1, 100):
        doomed = [s.ids for s in phase.shares if s.operation == "delete" and s.ids != Created()]
        kept = [s.ids for s in phase.shares if s.operation != "delete" and s.ids]
        for rows in doomed:
            assert isinstance(rows, Rows)
            assert rows.once
            assert WORKLOADS[name].deletes
            for other in kept:
                assert isinstance(other, Rows)
                assert other.last < rows.first or rows.last < other.first


def test_what_is_read_or_listed_is_written_by_nobody() -> None:
    """In the window and in its warm-up, which has rows of its own: every answer can be checked."""
    fewest = replace(
        make_plan(PROFILES["quick"], known_targets(), (WORKLOADS["mixed"],), seed=1),
        pacing=OpenLoop(1.0),
        rows=1,
    )
    warm, rows = rows_to_load(fewest, WORKLOADS["mixed"])
    written: set[int] = set()
    seen = set(range(1, PAGE + 1))
    for first, last in ((1, warm), (warm + 1, rows)):
        for share in WORKLOADS["mixed"].phases(first, last)[0].shares:
            if isinstance(share.ids, Rows):
                ids = range(share.ids.first, share.ids.last + 1)
                (seen if share.operation == "read" else written).update(ids)
    assert written
    assert not seen & written


def test_crud_is_the_original_scenario() -> None:
    """Create, read, update, delete, each a counted phase of its own on what was created."""
    phases = WORKLOADS["crud"].phases(1, 100)
    assert [phase.name for phase in phases] == ["create", "read", "update", "delete"]
    assert all(phase.counted for phase in phases)
    assert [phase.shares[0].ids for phase in phases] == [None, Created(), Created(), Created()]


def test_mixed_has_the_original_weights() -> None:
    """list:create:read:update:delete is 3:2:2:1:1, as in the original Locust file."""
    (phase,) = WORKLOADS["mixed"].phases(1, 100)
    weights = {share.operation: share.weight for share in phase.shares}
    assert weights == {"list": 3, "create": 2, "read": 2, "update": 1, "delete": 1}


def test_selection() -> None:
    """Names come back in the order given, once each; an unknown one is told with the known."""
    assert [w.name for w in select_workloads(("list", "read", "list"))] == ["list", "read"]
    assert {w.name for w in select_workloads(OPERATIONS)} == set(OPERATIONS)
    with pytest.raises(UsageError, match="'raed'") as caught:
        select_workloads(("raed",))
    assert "read" in caught.value.remedy
