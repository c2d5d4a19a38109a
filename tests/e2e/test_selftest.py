"""The self-test from nothing running to nothing running, with little patience.

Whether its checks pass is the machine's matter: a busy one may fail them.
"""

import signal
import subprocess
import sys

import psutil

from .conftest import ANY, PATIENCE_S, ROOT, Cli, eventually

SELFTEST = """
import math

from bench.experiment.interruption import interruptible
from bench.experiment.selftest import run, known_servers
from bench.experiment.selftest.comparison import Patience

interruptible()
known_servers.TRIES = 1  # beside other tests no core is ever quiet
known_servers.WINDOW_S = 0.5
known_servers.STALL_WINDOW_S = known_servers.STALLING.period_s
if {quick}:
    run.check_generator = lambda *_: ()
say = lambda line: print(line, flush=True)
patience = Patience(looks={looks}, limit_s=math.inf, window_s=0.3)
for check in run.run_selftest({service!r}, patience, say):
    print("CHECK", check.name, flush=True)
"""


def start(cli: Cli, *, quick: bool, looks: tuple[int, ...]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SELFTEST.format(quick=quick, looks=looks, service=ANY.name)],
        cwd=ROOT,
        env=cli.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    cli.running.append(process)
    return process


def left_running(cli: Cli) -> list[str]:
    """Of the lab, and of what it starts besides: generators, servers, burning programs."""
    left = cli.left_running()
    for process in psutil.process_iter():
        try:
            if process.environ().get("ONECORE_STATE") == str(cli.state):
                left.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return left


def test_every_check_is_made_and_nothing_is_left(cli: Cli) -> None:
    """All checks are made, in order, and nothing keeps running: not even after one that was killed
    (kill -9), which leaves nothing that the next one stumbles over.
    """
    killed = start(cli, quick=True, looks=(1, 1000))
    assert killed.stdout is not None
    eventually(lambda: "1 rounds" in killed.stdout.readline())
    killed.kill()
    killed.communicate(timeout=PATIENCE_S)
    out, err = start(cli, quick=False, looks=(2,)).communicate(timeout=PATIENCE_S)
    names = [line.removeprefix("CHECK ") for line in out.splitlines() if line.startswith("CHECK")]
    assert names == [
        "A/A: a service and its twin",
        "planted 10% more CPU per request",
        "constant 5 ms, open loop: p50",
        "constant 5 ms, closed loop: p50",
        "stalls, open loop: p50",
        "stalls, open loop: p95",
        "stalls, open loop: p99",
        "stalls, closed loop: p50",
        "stalls, closed loop: p95",
        "stalls, closed loop: slowest",
        "sent late, at 1,000/s: p50",
        "sent late, at 1,000/s: p99",
        "every request sent and answered",
        "CPU accounting",
    ], err
    assert left_running(cli) == []


def test_interrupted_it_leaves_nothing_behind(cli: Cli) -> None:
    """Ctrl-C in the middle leaves no service and no generator."""
    process = start(cli, quick=True, looks=(1, 1000))
    assert process.stdout is not None
    eventually(lambda: "1 rounds" in process.stdout.readline())
    assert left_running(cli) != []
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert "KeyboardInterrupt" in err
    assert left_running(cli) == []
