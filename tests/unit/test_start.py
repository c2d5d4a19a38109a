"""The common start: what is verified and loaded, and what is there already."""

from types import SimpleNamespace

import pytest

from bench.errors import TargetUnfit
from bench.experiment import start as module
from bench.experiment.start import CommonStart
from bench.model import UnitStatus
from bench.workloads import WORKLOADS

from .factories import THREE, plan


class Done(list[str]):
    """What was done to a target whose process is `pid`."""

    pid: int | None = 1

    def prepare(self, start: CommonStart, *workloads: str) -> "Done":
        lab = SimpleNamespace(
            site=None,
            supervisor=SimpleNamespace(status=lambda _name: UnitStatus("running", self.pid)),
        )
        admin = SimpleNamespace(load_rows=lambda rows: self.append(f"load {rows}"))
        for name in workloads:
            arguments = (lab, plan(rows=100), {"read": 1.0}, WORKLOADS[name], THREE[0], admin)
            start.prepare(*arguments)  # type: ignore[arg-type]
        return self


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    done = Done()
    monkeypatch.setattr(module, "verify", lambda *_: done.append("verify"))
    return done


def test_rows_that_were_only_read_are_not_loaded_again(done: Done) -> None:
    """Writing spoils them for the next workload, whatever that does."""
    assert done.prepare(CommonStart(), "read", "list", "create", "read", "read") == [
        "verify", "load 100", "load 100"
    ]  # fmt: skip


def test_another_number_of_rows_is_another_start(done: Done) -> None:
    """Deletes are given more rows: a list after them finds the ordinary ones."""
    done.prepare(CommonStart(), "read", "delete", "list")
    assert done[0] == "verify"
    first, for_deletes, last = done[1:]
    assert first == last != for_deletes


def test_new_processes_are_verified_and_leave_rows_of_their_own(done: Done) -> None:
    """Verifying writes: what was loaded before does not hold any more."""
    start = CommonStart()
    done.prepare(start, "read", "read")
    done.pid = 2
    done.prepare(start, "read")
    assert done == ["verify", "load 100", "verify", "load 100"]


def test_a_target_that_fails_is_verified_again(monkeypatch: pytest.MonkeyPatch, done: Done) -> None:
    """Nobody knows what it has written, nor whether it would pass now."""
    start = CommonStart()

    def fail(*_: object) -> None:
        done.append("fail")
        raise TargetUnfit("it stores nothing")

    monkeypatch.setattr(module, "verify", fail)
    for _ in range(2):
        with pytest.raises(TargetUnfit):
            done.prepare(start, "read")
    assert done == ["fail", "fail"]


@pytest.mark.parametrize("name", list(WORKLOADS))
def test_workloads_say_whether_they_write(name: str) -> None:
    """What only asks leaves every row as it was."""
    assert WORKLOADS[name].writes == (name not in ("read", "list", "echo", "ping"))
