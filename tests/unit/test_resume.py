"""A run has one provenance: it goes on only under the conditions that it was begun with."""

from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.experiment.resumption import require_same_conditions
from bench.model import Placement, RunRecord

from .factories import plan, record


def changed(**sections: object) -> RunRecord:
    begun = record()
    return replace(begun, provenance={**begun.provenance, **sections})


def test_the_same_conditions_pass() -> None:
    """What differs between any two moments is no condition: the load, the cells, the state."""
    require_same_conditions(record(), record(state="running", started_at="2026-11-23"))
    require_same_conditions(record(), changed(load_before={"load_average": [9, 9, 9]}))


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (changed(source={"git_commit": "def456", "git_dirty": False}), "source.git_commit"),
        (changed(source={"git_commit": "abc123", "git_dirty": True}), "source.git_dirty"),
        (changed(machine={"cpu_model": "Another CPU"}), "machine.cpu_model"),
        (changed(services={"flask": {"python": "3.13.0", "flask": "3.2"}}), "services.flask.flask"),
        (changed(databases={"flask": {"server_version": "18.7"}}), "server_version"),
        (record(placement=Placement((3,), (0,), (0,), (0,))), "placement.app"),
        (record(supervisor="systemd"), "supervisor"),
    ],
)
def test_anything_else_is_refused_by_name(now: RunRecord, named: str) -> None:
    """Cells measured by other code or on another machine would stand under a provenance that is
    not theirs."""
    with pytest.raises(UsageError, match="other conditions") as caught:
        require_same_conditions(record(plan=plan()), now)
    assert named in caught.value.message


def test_what_is_not_known_now_is_no_difference() -> None:
    """A target that cannot say its versions is told of by its cells."""
    require_same_conditions(record(), changed(services={}))


def test_another_clock_after_a_restart_is_told() -> None:
    """The kernel may choose otherwise at each start, and every target of a round has the same."""
    begun = changed(machine={"clocksource": "tsc"})
    now = changed(machine={"clocksource": "hpet"})
    (told,) = require_same_conditions(begun, now)
    assert told.severity == "doubt"
    assert "machine.clocksource: tsc -> hpet" in told.message


@pytest.mark.parametrize(("now_bytes", "refused"), [(8_000_040_960, False), (4_000_000_000, True)])
def test_some_pages_more_after_a_restart_are_no_other_machine(
    now_bytes: int, *, refused: bool
) -> None:
    """The kernel tells what it has left over, which no two starts have to the page."""
    begun = changed(machine={"memory_bytes": 8_000_000_000})
    now = changed(machine={"memory_bytes": now_bytes})
    if not refused:
        assert require_same_conditions(begun, now) == ()
        return
    with pytest.raises(UsageError, match=r"machine\.memory_bytes"):
        require_same_conditions(begun, now)


def test_changed_files_are_named() -> None:
    """Who has to put the tree back must know which file it was."""
    dirty = {"git_commit": "abc123", "git_dirty": True, "git_changes": ["bench/x y.py"]}
    begun = changed(source={"git_commit": "abc123", "git_dirty": False, "git_changes": []})
    with pytest.raises(UsageError, match=r"bench/x y\.py"):
        require_same_conditions(begun, changed(source=dirty))
