"""What a unit is known by does not depend on a clock that can be set."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import SetupError
from bench.supervise import Supervisor
from tests.skipping import NEEDED

from .conftest import MakeUnit
from .test_supervisor import listening, start

ROOT = Path(__file__).parents[3]
ASK = """
import sys
from pathlib import Path
from bench.supervise.identity import current_identities
from bench.supervise.process import ProcessSupervisor
supervisor = ProcessSupervisor(Path(sys.argv[1]), lambda: current_identities(()))
print(supervisor.status("onecore-test").state)
supervisor.stop("onecore-test")
"""


@pytest.fixture(autouse=True)
def _records(kind: str) -> None:
    if kind == "systemd":
        pytest.skip("systemd knows its processes itself")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can show another clock")
@pytest.mark.parametrize("step_s", [90, -90, 10**8])
def test_a_unit_is_found_again_after_the_clock_was_stepped(
    supervisor: Supervisor, make_unit: MakeUnit, state: Path, tmp_path: Path, step_s: int
) -> None:
    """The kernel's `btime` moves with the clock; the process has not been started anew."""
    unit = make_unit()
    start(supervisor, unit, outlive=True)
    stat = Path("/proc/stat").read_text()
    later = re.sub(
        r"^btime (\d+)$", lambda b: f"btime {int(b[1]) + step_s}", stat, flags=re.MULTILINE
    )
    assert later != stat
    (tmp_path / "stat").write_text(later)
    shown = 'mount --bind "$1" /proc/stat && shift && exec "$@"'
    command = [sys.executable, "-c", ASK, str(state)]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", shown, "sh", str(tmp_path / "stat"), *command],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "mount" in done.stderr:
        pytest.skip(f"{NEEDED} {done.stderr.strip()}")
    assert done.stdout.split() == ["running"], done.stderr
    assert not listening(unit.port)()


@pytest.mark.parametrize(
    ("field", "value"), [("boot", "an earlier one"), ("started_ticks", 1)], ids=["boot", "tick"]
)
def test_another_process_of_that_number_is_none_of_ours(
    supervisor: Supervisor, make_unit: MakeUnit, state: Path, field: str, value: object
) -> None:
    """Numbers come again; the record is stale, and whoever has the number now is left alone."""
    unit = make_unit()
    (state / "run").mkdir()
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        start(supervisor, unit)
        (record,) = state.glob("run/*.json")
        told = json.loads(record.read_text())
        supervisor.stop(unit.name)
        record.write_text(json.dumps({**told, "pid": bystander.pid, field: value}))
        assert supervisor.status(unit.name).state == "failed"
        supervisor.stop(unit.name)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_what_was_started_in_a_container_is_not_taken_for_ended(
    supervisor: Supervisor, make_unit: MakeUnit, state: Path
) -> None:
    """The same folder, the same boot, other numbers: nothing is stopped, and nothing forgotten."""
    unit = make_unit()
    start(supervisor, unit)
    (record,) = state.glob("run/*.json")
    text = record.read_text()
    elsewhere = json.dumps({**json.loads(text), "namespace": "pid:[1]"})
    record.write_text(elsewhere)
    assert "other process ids" in supervisor.status(unit.name).detail
    for act in (lambda: supervisor.stop(unit.name), lambda: supervisor.restart(unit)):
        with pytest.raises(SetupError, match="cannot be seen from here"):
            act()
    assert record.read_text() == elsewhere
    assert listening(unit.port)()
    record.write_text(text)
