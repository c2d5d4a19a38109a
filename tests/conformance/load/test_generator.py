"""The generator process against a server that answers rightly, and the ways in which it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import bench
from bench.errors import GeneratorFailed
from bench.load import process
from bench.load.endurance import LIMIT_BYTES, measure_endurance
from bench.load.generator import Generator
from bench.load.nullserver import Behaviour, kept_p50_s, running
from bench.model import (
    ClosedLoop,
    Created,
    LoadResult,
    LoadSpec,
    OpenLoop,
    Operation,
    Pacing,
    Progress,
    Rows,
    Share,
)

CLOSED = ClosedLoop(5)


def window(
    generator: Generator,
    base_url: str,
    *shares: Share,
    requests: int | None = 100,
    duration_s: float | None = None,
    pacing: Pacing = CLOSED,
) -> LoadResult:
    generator.prepare(
        LoadSpec(base_url, shares, pacing, seed=3, requests=requests, duration_s=duration_s)
    )
    generator.go()
    return generator.collect()


@pytest.mark.parametrize(
    "share",
    [
        Share("create"),
        Share("read", ids=Rows(1, 200)),
        Share("update", ids=Rows(1, 200)),
        Share("delete", ids=Rows(1, 200, once=True)),
        Share("list"),
        Share("echo"),
        Share("ping"),
    ],
    ids=lambda share: share.operation,
)
@pytest.mark.parametrize("pacing", [CLOSED, OpenLoop(2000), OpenLoop(2000, "poisson")])
def test_every_operation_in_every_pacing(
    generator: Generator, lasting_server: str, share: Share, pacing: Pacing
) -> None:
    """Each operation is measured in each pacing, with one latency per request."""
    result = window(generator, lasting_server, share, pacing=pacing)
    assert result.failures == {}
    assert result.succeeded == 100
    told = result.latency[share.operation]
    assert told.count == 100
    assert 0 < told.min_s <= told.mean_s <= told.max_s <= result.duration_s
    assert told.hdr.filled[1].sum() == 100
    assert (result.lateness is None) == (pacing == CLOSED)


def test_a_slow_server_knows_how_slow_it_was(generator: Generator, cpu: int) -> None:
    """Its own account holds the delay, lies within what the generator saw, and begins anew when it
    was told. One without a delay has nothing to tell."""
    with running((cpu,), Behaviour(delay_s=0.005)) as base_url:
        assert kept_p50_s(base_url) is None
        result = window(generator, base_url, Share("ping"))
        told_s = kept_p50_s(base_url)
        assert told_s is not None
        assert 0.005 <= told_s <= result.latency["ping"].max_s
        window(generator, base_url, Share("ping"), requests=1)
        anew_s = kept_p50_s(base_url)
        assert anew_s is not None
        assert anew_s >= 0.005
    with running((cpu,), Behaviour()) as base_url:
        window(generator, base_url, Share("ping"))
        assert kept_p50_s(base_url) is None


def test_traffic_is_counted_to_the_byte(generator: Generator, null_server: str) -> None:
    """Bytes sent and received are those on the wire."""
    result = window(generator, null_server, Share("ping"), requests=10, pacing=ClosedLoop(1))
    address = null_server.removeprefix("http://")
    sent = f"GET /ping HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    got = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    assert result.bytes_sent == 10 * len(sent)
    assert result.bytes_received == 10 * (len(got) + len('{"status":"ok"}'))
    assert result.connections_opened == 1


def test_connections_are_kept_for_the_next_window(generator: Generator, null_server: str) -> None:
    """A second window opens no connection: the first one's are still there."""
    assert window(generator, null_server, Share("ping")).connections_opened == 5
    assert window(generator, null_server, Share("ping")).connections_opened == 0


def test_created_items_are_read_changed_and_deleted(generator: Generator, null_server: str) -> None:
    """The ids of one window's items serve the windows after it."""
    created = Created()
    windows = [
        window(generator, null_server, Share("create", body="crud"), requests=50),
        window(generator, null_server, Share("read", ids=created), requests=50),
        window(generator, null_server, Share("update", ids=created), requests=50),
        window(generator, null_server, Share("read", ids=created), requests=50),
        window(generator, null_server, Share("delete", ids=created), requests=50),
    ]
    assert [(each.succeeded, each.failed, each.ran_out) for each in windows] == [(50, 0, False)] * 5
    gone = window(generator, null_server, Share("read", ids=created), requests=50)
    assert gone.failures == {"status 404": 50}


def test_a_window_ends_early_when_its_ids_have_run_out(
    generator: Generator, null_server: str
) -> None:
    """Rows that may be used once end a window when they are used up."""
    share = Share("delete", ids=Rows(1, 30, once=True))
    result = window(generator, null_server, share, requests=None, duration_s=600)
    assert result.ran_out
    assert (result.succeeded, result.failed) == (30, 0)


def test_a_mixed_load_keeps_its_proportions(generator: Generator, null_server: str) -> None:
    """Shares of a mixed load come as often as their weights say."""
    weights: dict[Operation, int] = {"list": 3, "create": 2, "read": 2, "update": 1, "delete": 1}
    ids = {"read": Rows(101, 120), "update": Rows(121, 140), "delete": Rows(141, 200, once=True)}
    shares = [Share(each, weight, ids.get(each)) for each, weight in weights.items()]
    result = window(generator, null_server, *shares, requests=270)
    assert result.failures == {}
    assert {each: told.count for each, told in result.latency.items()} == {
        each: 30 * weight for each, weight in weights.items()
    }


def test_a_warm_up_lasts_as_long_as_it_was_promised(generator: Generator, null_server: str) -> None:
    """Never shorter than its lower bound; the upper one ends it where the load itself would not."""
    spec = LoadSpec(null_server, (Share("ping"),), CLOSED, 1, duration_s=600)
    told = generator.warm_up(spec, min_s=0.2, max_s=0.6)
    assert told.requests > 0
    assert told.duration_s >= 0.2


def test_a_warm_up_that_cannot_settle_ends_at_its_upper_bound(
    generator: Generator, null_server: str
) -> None:
    """Fewer slices than steadiness takes: nothing more is sent, and it is told as unsteady."""
    spec = LoadSpec(null_server, (Share("ping"),), CLOSED, 1, duration_s=600)
    told = generator.warm_up(spec, min_s=300, max_s=0.3)
    assert told.duration_s >= 0.3
    assert not told.steady


def test_a_warm_up_that_has_used_up_its_ids_ends(generator: Generator, null_server: str) -> None:
    """A warm-up without ids left ends, and is not called steady."""
    spec = LoadSpec(null_server, (Share("delete", ids=Rows(1, 30, once=True)),), CLOSED, 1)
    told = generator.warm_up(replace(spec, duration_s=600), min_s=300, max_s=600)
    assert (told.requests, told.steady) == (30, False)


def test_progress_is_told_while_a_window_runs(generator: Generator, null_server: str) -> None:
    """Progress only grows and never exceeds the result."""
    seen: list[Progress] = []
    spec = LoadSpec(null_server, (Share("ping"),), CLOSED, 1, duration_s=1.5)
    generator.prepare(spec)
    generator.go(seen.append)
    result = generator.collect()
    assert seen
    counts = [each.succeeded for each in seen]
    assert counts == sorted(counts)
    assert counts[-1] <= result.succeeded


def test_a_long_window_tells_the_memory_that_it_took(cpu: int) -> None:
    """More requests than a block of latencies holds; a longer window is the same, only longer."""
    told = measure_endurance((cpu,), (cpu,), 5_000, lambda progress: None)
    assert (told.succeeded, told.failed) == (5_000, 0)
    # An interpreter with numpy is not smaller, and the unit is not kB.
    assert 20_000_000 < told.generator_peak_bytes < LIMIT_BYTES
    assert told.lab_peak_bytes > 20_000_000
    assert not replace(told, generator_peak_bytes=LIMIT_BYTES).is_flat


# --- the process ------------------------------------------------------------------------------


def test_the_process_stays_on_its_cpus(generator: Generator, cpu: int) -> None:
    """Every thread of the generator is confined to its CPUs."""
    for thread in Path(f"/proc/{generator.pid}/task").iterdir():
        assert os.sched_getaffinity(int(thread.name)) == {cpu}


def test_an_impossible_load_is_refused_and_the_process_goes_on(
    generator: Generator, null_server: str
) -> None:
    """A refused load leaves a generator that can still be used."""
    with pytest.raises(GeneratorFailed, match="which ids"):
        window(generator, null_server, Share("read"))
    assert window(generator, null_server, Share("ping")).succeeded == 100


def test_ctrl_c_is_left_to_the_parent(generator: Generator, null_server: str) -> None:
    """SIGINT does not end the generator: the lab decides."""
    os.kill(generator.pid, signal.SIGINT)
    assert window(generator, null_server, Share("ping")).succeeded == 100


def test_a_process_that_was_killed(cpu: int, null_server: str) -> None:
    """A generator that has died is told, not waited for."""
    with Generator((cpu,)) as doomed:
        doomed.prepare(LoadSpec(null_server, (Share("ping"),), CLOSED, 1, duration_s=600))
        with pytest.raises(GeneratorFailed, match="ended"):
            doomed.go(lambda progress: os.kill(doomed.pid, signal.SIGKILL))


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("print('hello')", "said b'hello"),
        ("""print('{"kind":"collected"}')""", "said"),
        ("""print('{"kind":"refused","why":"no"}')""", "refused: no"),
        ("import sys; sys.exit('out of luck')", "out of luck"),
    ],
)
def test_a_process_that_talks_nonsense(
    monkeypatch: pytest.MonkeyPatch, cpu: int, program: str, complaint: str
) -> None:
    """A process that is no generator is told with what it said."""
    monkeypatch.setattr(process, "command", lambda *_: [sys.executable, "-c", program])
    with pytest.raises(GeneratorFailed) as raised, Generator((cpu,)):
        pass
    assert complaint in str(raised.value)


PARENT = """
import sys
from bench.load.generator import Generator
from bench.model import ClosedLoop, LoadSpec, Share

with Generator(({cpu},)) as generator:
    generator.prepare(LoadSpec({base_url!r}, (Share("ping"),), ClosedLoop(2), 1, duration_s=600))
    print(generator.pid, flush=True)
    generator.go()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_process_ends_with_its_parent(cpu: int, null_server: str, number: int) -> None:
    """However the lab ends, its generator ends too."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(cpu=cpu, base_url=null_server)],
        cwd=Path(bench.__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(number)
        parent.wait(60)
    assert is_gone(pid, within_s=60)


def is_gone(pid: int, within_s: float) -> bool:
    """Waits, because the kernel may need a moment; how long is not the point."""
    give_up_s = time.monotonic() + within_s
    while time.monotonic() < give_up_s:
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
                continue
        return True
    return False


def test_each_address_keeps_what_it_created(generator: Generator, cpu: int) -> None:
    """Targets that take turns phase by phase each read their own items, on their connections."""
    created, again = Share("create", body="crud"), Share("read", ids=Created())
    with running((cpu,), Behaviour(rows=10)) as one, running((cpu,), Behaviour(rows=500)) as other:
        for base_url in (one, other):
            assert window(generator, base_url, created, requests=50).succeeded == 50
        for base_url in (one, other):
            result = window(generator, base_url, again, requests=50)
            assert (result.succeeded, result.failures) == (50, {})
            assert result.connections_opened == 0
