"""One life of a process id, on what kernels wrote."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.kernel.life import Life, is_stopped, life_of, lives, lives_of, state_of

from .machines import MACHINES, Seen, expand


@pytest.fixture(params=MACHINES, ids=lambda machine: machine.name)
def seen(request, tmp_path: Path) -> Seen:
    """A machine's processes, in a namespace that has a name."""
    (tmp_path / "proc/self/ns").mkdir(parents=True)
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026531836]")
    digits = [f"/proc/{digit}" for digit in range(1, 10)]
    return expand(request.param, tmp_path, *digits, "/proc/sys/kernel/random/boot_id")


def test_a_life_is_a_number_a_start_a_boot_and_a_namespace(seen: Seen) -> None:
    """Read again it is the same; with any of them another, it has ended."""
    life = life_of(seen.pid, seen.proc)
    assert life == life_of(seen.pid, seen.proc)
    assert life.namespace == "pid:[4026531836]"
    assert re.fullmatch(r"[0-9a-f-]{36}", life.boot)
    assert lives(life, seen.proc)
    for other in (
        replace(life, started_ticks=life.started_ticks + 1),
        replace(life, boot="another"),
        replace(life, namespace="pid:[1]"),
    ):
        assert not lives(other, seen.proc)


@pytest.mark.parametrize(
    ("letter", "alive", "stopped"),
    [
        ("R", True, False),
        ("T", True, True),
        ("t", True, True),
        ("Z", False, False),
        ("D", True, False),
    ],
)
def test_what_nobody_has_waited_for_has_ended(
    seen: Seen, letter: str, alive: bool, stopped: bool
) -> None:
    """A zombie still has its number and its start."""
    life = life_of(seen.pid, seen.proc)
    file = Path(seen.proc) / str(seen.pid) / "stat"
    file.write_text(re.sub(r"\) \w ", f") {letter} ", file.read_text()))
    assert lives(life, seen.proc) is alive
    assert is_stopped(life, seen.proc) is stopped
    assert state_of(life, seen.proc) == (letter if alive else "")


def test_who_is_gone_is_left_out(seen: Seen) -> None:
    """And has no life to be told of."""
    assert [process.pid for process in lives_of([seen.pid, 999_999], seen.proc)] == [seen.pid]
    assert not lives(Life(999_999, 1, "", ""), seen.proc)
