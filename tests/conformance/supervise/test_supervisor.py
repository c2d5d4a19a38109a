"""What every supervisor must do. One suite, all implementations."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bench.database.cluster import SYSTEM_PATH
from bench.errors import PortTaken, SetupError, UnitFailed
from bench.model import Unit
from bench.supervise import Supervisor
from bench.supervise.peak import fallen_since_peak_bytes, reset_peaks
from bench.supervise.readiness import wait_until_ready
from bench.supervise.systemd.supervisor import SystemdSupervisor

from .conftest import MakeUnit, make_supervisor

PATIENCE_S = 30


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for a condition; a busy machine may take its time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def listening(port: int) -> Callable[[], bool]:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return answers


def start(supervisor: Supervisor, unit: Unit, *, outlive: bool = False) -> int:
    supervisor.start(unit, outlive=outlive)
    wait_until_ready(supervisor, unit.name, listening(unit.port))
    pid = supervisor.status(unit.name).pid
    assert pid is not None
    return pid


def test_starts_and_stops(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """A started unit runs and answers; a stopped one is gone with its port."""
    unit = make_unit()
    pid = start(supervisor, unit)
    assert supervisor.status(unit.name).state == "running"
    assert unit.name in supervisor.names()
    supervisor.stop(unit.name)
    assert supervisor.status(unit.name).state == "stopped"
    assert not psutil.pid_exists(pid)
    assert not listening(unit.port)()


def test_starting_twice_is_harmless(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """A second start finds the unit running and leaves it alone."""
    unit = make_unit()
    pid = start(supervisor, unit)
    assert supervisor.start(unit, outlive=False) is False
    assert supervisor.status(unit.name).pid == pid


def test_a_changed_unit_is_restarted(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """A unit that is described differently runs as described now."""
    pid = start(supervisor, make_unit())
    changed = make_unit(environment={"PATH": SYSTEM_PATH, "COLOUR": "green"})
    assert start(supervisor, changed) != pid
    environment = psutil.Process(supervisor.status(changed.name).pid).environ()
    assert environment["COLOUR"] == "green"


def restart(supervisor: Supervisor, unit: Unit) -> int:
    supervisor.restart(unit)
    wait_until_ready(supervisor, unit.name, listening(unit.port))
    pid = supervisor.status(unit.name).pid
    assert pid is not None
    return pid


@pytest.mark.parametrize("frozen", [False, True])
def test_a_restarted_unit_is_the_same_with_new_processes(
    supervisor: Supervisor, make_unit: MakeUnit, frozen: bool
) -> None:
    """Of the old ones only what they said is left; the cost of the new ones counts from nothing."""
    unit = make_unit("fork")
    pid = start(supervisor, unit)
    old = psutil.Process(pid).children()
    supervisor.usage(unit.name)
    if frozen:
        supervisor.freeze(unit.name)
    assert restart(supervisor, unit) != pid
    assert not any(process.is_running() and process.status() != "zombie" for process in old)
    assert supervisor.status(unit.name).state == "running"
    assert supervisor.usage(unit.name).processes == 2
    eventually(lambda: supervisor.log(unit.name).count("listening") >= 2)
    # It is on record as it was: nothing starts it once more.
    assert supervisor.start(unit, outlive=False) is False


def test_a_unit_that_is_another_by_now_is_not_restarted(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """New processes of changed files would not be what was measured before; it runs on."""
    with pytest.raises(SetupError, match="onecore-test is not what was started"):
        supervisor.restart(make_unit())
    pid = start(supervisor, make_unit(source="as it was"))
    with pytest.raises(SetupError, match="its files have changed since"):
        supervisor.restart(make_unit(source="as edited"))
    assert supervisor.status("onecore-test").pid == pid


def test_a_unit_that_was_to_end_with_the_lab_can_be_made_to_stay(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """Who asks for a unit that stays gets one; who does not care takes it as it is."""
    unit = make_unit()
    pid = start(supervisor, unit)
    staying = start(supervisor, unit, outlive=True)
    assert staying != pid
    assert start(supervisor, unit, outlive=True) == staying
    assert start(supervisor, unit) == staying


def test_stopping_what_does_not_run_is_harmless(supervisor: Supervisor) -> None:
    """Stop, thaw and freeze of an unknown unit change nothing and raise nothing."""
    supervisor.stop("onecore-nobody")
    supervisor.freeze("onecore-nobody")
    supervisor.thaw("onecore-nobody")
    assert supervisor.status("onecore-nobody").state == "stopped"


def test_the_next_command_finds_it(
    supervisor: Supervisor, kind: str, state: Path, make_unit: MakeUnit
) -> None:
    """A unit is known by its name: another supervisor object stops what this one started."""
    unit = make_unit()
    pid = start(supervisor, unit)
    later = make_supervisor(kind, state)
    assert later.status(unit.name).pid == pid
    later.stop(unit.name)
    assert supervisor.status(unit.name).state == "stopped"


def test_runs_on_its_cpus_only(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """Every thread of the unit is confined to the CPUs that the unit names."""
    cpu = max(os.sched_getaffinity(0))
    pid = start(supervisor, make_unit(cpus=(cpu,)))
    for task in os.listdir(f"/proc/{pid}/task"):
        assert os.sched_getaffinity(int(task)) == {cpu}


def test_where_it_may_run_is_seen_at_any_time(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """What it was started on stays known, and what somebody has made of it since is read back."""
    cpu, *others = sorted(os.sched_getaffinity(0))
    if not others:
        pytest.skip("this machine has one CPU")
    unit = make_unit(cpus=(cpu,))
    pid = start(supervisor, unit)
    assert supervisor.placed(unit.name) == supervisor.usage(unit.name).cpus == (cpu,)
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {others[0]})
    assert supervisor.usage(unit.name).cpus == (others[0],)
    assert supervisor.placed(unit.name) == (cpu,)
    supervisor.stop(unit.name)
    assert supervisor.placed(unit.name) == ()


def test_never_runs_as_root(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """Units are unprivileged, whoever runs the lab."""
    pid = start(supervisor, make_unit())
    assert psutil.Process(pid).uids().effective != 0


def test_a_taken_port_is_named(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """The message names the port, who holds it, and the remedy; nothing is started."""
    unit = make_unit()
    with socket.create_server(("127.0.0.1", unit.port)), pytest.raises(PortTaken) as caught:
        supervisor.start(unit, outlive=False)
    assert str(unit.port) in caught.value.message
    assert str(os.getpid()) in caught.value.message
    assert "PORT_OFFSET" in caught.value.remedy
    assert supervisor.status(unit.name).state == "stopped"


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed a moment ago"])
def test_a_port_that_a_client_happens_to_have_is_told(
    supervisor: Supervisor, make_unit: MakeUnit, closed: bool
) -> None:
    """The kernel gives any port of a range to whoever connects: named, with where it is connected,
    before the service would say no more than that its address is in use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = server.getsockname()
        client = socket.create_connection(there)
        accepted, _ = server.accept()
        # Not the test's own port: what earlier tests' servers have closed there is kept, too.
        unit = make_unit(port=client.getsockname()[1])
        with client, accepted:
            if closed:  # by the client first: its port is kept for a minute
                client.close()
                accepted.recv(1)
                accepted.close()
            with pytest.raises(PortTaken) as caught:
                supervisor.start(unit, outlive=False)
    assert f"to 127.0.0.1:{there[1]}" in caught.value.message
    assert ("closed a moment ago" if closed else f"pid {os.getpid()}") in caught.value.message
    assert "ip_local_reserved_ports" in caught.value.remedy
    assert supervisor.status(unit.name).state == "stopped"


def test_a_port_that_a_server_has_just_left_is_free(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """What a server has closed first is kept by the kernel, too, and in no server's way."""
    unit = make_unit()
    address = ("127.0.0.1", unit.port)
    with socket.create_server(address) as server, socket.create_connection(address) as client:
        server.accept()[0].close()
        client.recv(1)
    assert start(supervisor, unit)


def test_a_unit_that_ends_at_once_is_told_with_its_log(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """The error carries what the unit said before it died."""
    unit = make_unit("exit")
    supervisor.start(unit, outlive=False)
    with pytest.raises(UnitFailed, match="nothing to live for"):
        wait_until_ready(supervisor, unit.name, listening(unit.port))
    assert supervisor.status(unit.name).state == "failed"


def test_a_unit_that_never_answers_is_told(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """Waiting has an end, and the error says that the unit runs."""
    unit = make_unit()
    supervisor.start(unit, outlive=False)
    with pytest.raises(UnitFailed, match="not ready after"):
        wait_until_ready(supervisor, unit.name, lambda: False, patience_s=0.2)


def test_a_failing_preparation_is_told(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """A unit whose preparation fails is not started; its output is in the error."""
    broken = (sys.executable, "-S", "program.py", "0", "unprepared")
    unit = make_unit(prepare=(broken,))
    with pytest.raises(UnitFailed, match="no schema today"):
        supervisor.start(unit, outlive=False)
    assert not listening(unit.port)()


def test_a_unit_that_dies_is_noted_and_can_be_started_again(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """After kill -9 from outside the next look at its cost raises, whether or not the supervisor
    has brought the unit back by then; the next start finds or makes it running.
    """
    unit = make_unit()
    pid = start(supervisor, unit)
    supervisor.usage(unit.name)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: supervisor.status(unit.name).pid != pid)
    with pytest.raises(UnitFailed, match=r"not running|died"):
        supervisor.usage(unit.name)
    assert start(supervisor, unit) != pid
    assert supervisor.usage(unit.name).processes == 1


def test_a_unit_that_runs_and_never_listens_is_told(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """It is running by all signs, and still not ready: the error says both."""
    unit = make_unit("silent")
    supervisor.start(unit, outlive=False)
    with pytest.raises(UnitFailed, match="runs, but was not ready"):
        wait_until_ready(supervisor, unit.name, listening(unit.port), patience_s=0.2)
    assert supervisor.status(unit.name).state == "running"


@pytest.mark.parametrize("frozen", [False, True])
def test_what_a_dead_unit_leaves_behind_is_not_in_the_way(
    supervisor: Supervisor, make_unit: MakeUnit, kind: str, frozen: bool
) -> None:
    """A server that dies before its worker, which still holds the port: the unit comes back."""
    unit = make_unit("fork")
    pid = start(supervisor, unit)
    (worker,) = psutil.Process(pid).children()
    if frozen:
        supervisor.freeze(unit.name)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: supervisor.status(unit.name).pid != pid)
    if kind == "process":  # systemd sees to the worker at once
        assert worker.is_running()
    assert start(supervisor, unit) != pid
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_what_will_not_stop_is_killed(
    supervisor: Supervisor, make_unit: MakeUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit that ignores its stop signal ends all the same."""
    monkeypatch.setattr("bench.supervise.process.STOP_PATIENCE_S", 0.5)
    unit = make_unit("deaf")
    pid = start(supervisor, unit)
    assert not supervisor.stop(unit.name), "it did not end by itself"
    assert not psutil.pid_exists(pid)


def test_what_has_left_its_session_ends_too(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """It would hold the port for ever, and no list of children has it."""
    unit = make_unit("leave")
    start(supervisor, unit)
    assert supervisor.stop(unit.name)
    assert not listening(unit.port)()


def test_stop_takes_the_children_too(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """Nothing that the unit started is left running."""
    pid = start(supervisor, make_unit("children"))
    children = psutil.Process(pid).children(recursive=True)
    assert children
    supervisor.stop("onecore-test")
    assert not any(child.is_running() and child.status() != "zombie" for child in children)


def test_frozen_means_no_cpu_and_thawed_means_going_on(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """A frozen unit uses no CPU time at all; thawed, it uses some again."""
    unit = make_unit("burn")
    start(supervisor, unit)
    supervisor.freeze(unit.name)
    eventually(lambda: supervisor.status(unit.name).state == "frozen")
    before = supervisor.cpu_s(unit.name)
    time.sleep(0.2)
    assert supervisor.cpu_s(unit.name) == before
    supervisor.thaw(unit.name)
    eventually(lambda: supervisor.cpu_s(unit.name) > before)
    assert supervisor.status(unit.name).state == "running"


def test_a_frozen_unit_can_be_stopped(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """Freezing is no way to outlive a stop."""
    pid = start(supervisor, make_unit())
    supervisor.freeze("onecore-test")
    supervisor.stop("onecore-test")
    assert not psutil.pid_exists(pid)


def test_usage_counts_children_that_have_ended(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """0.3 s of CPU burnt by a child that is gone still belongs to the unit."""
    start(supervisor, make_unit("children"))
    eventually(lambda: supervisor.usage("onecore-test").processes == 2)
    usage = supervisor.usage("onecore-test")
    assert usage.cpu_s >= 0.29
    assert usage.threads >= 2
    assert sum(voluntary for voluntary, _ in usage.switches.values()) > 0


def test_memory_is_told(supervisor: Supervisor, make_unit: MakeUnit) -> None:
    """PSS lies between what is the unit's alone and all that it has mapped."""
    start(supervisor, make_unit())
    memory = supervisor.memory("onecore-test")
    assert 0 < memory.uss_bytes <= memory.pss_bytes <= memory.rss_bytes


def test_a_peak_is_that_of_the_time_since_the_last_reset(
    supervisor: Supervisor, make_unit: MakeUnit
) -> None:
    """100 MB that were needed for a moment are remembered, and forgotten when asked to."""
    pid = start(supervisor, make_unit("swell"))
    if not reset_peaks(pid):
        pytest.skip("this kernel does not let a user reset /proc/PID/status VmHWM")

    def forgotten() -> bool:
        return reset_peaks(pid) and fallen_since_peak_bytes(pid) < 50_000_000

    eventually(forgotten)
    # Each connection makes it need 100 MB for a moment.
    listening(make_unit().port)()
    eventually(lambda: fallen_since_peak_bytes(pid) > 90_000_000)
    eventually(forgotten)


def test_its_log_is_there_after_the_clock_was_set_back(
    supervisor: Supervisor, make_unit: MakeUnit, state: Path
) -> None:
    """By the time of day its record may be of tomorrow; what it has said since is its log."""
    unit = make_unit()
    start(supervisor, unit)
    folder = supervisor.manager.folder if isinstance(supervisor, SystemdSupervisor) else state
    (record,) = (*folder.glob("onecore-*.service.d/90-lab.conf"), *folder.glob("run/*.json"))
    tomorrow = time.time() + 86_400
    os.utime(record, (tomorrow, tomorrow))
    eventually(lambda: "listening" in supervisor.log(unit.name))


def test_run_gives_output_or_says_what_failed(supervisor: Supervisor, state: Path) -> None:
    """A helper command's output is returned; its failure carries the output's tail."""
    environment = {"PATH": SYSTEM_PATH}
    say = (sys.executable, "-S", "-c", "print('done')")
    assert supervisor.run(say, environment, state) == "done\n"
    fail = (sys.executable, "-S", "-c", "import sys; print('disk on fire'); sys.exit(4)")
    with pytest.raises(UnitFailed, match="disk on fire"):
        supervisor.run(fail, environment, state)
