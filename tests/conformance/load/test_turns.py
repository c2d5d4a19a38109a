"""Targets that take turns: what is counted, what is not, and what goes on from turn to turn."""

import time
from dataclasses import dataclass

import pytest

from bench.errors import GeneratorFailed
from bench.load.generator import Generator
from bench.load.nullserver import Behaviour, running
from bench.model import ClosedLoop, LoadSpec, OpenLoop, Rows, Share, Turn

from .conftest import answer


def spec(base_url: str, share: Share, pacing=None) -> LoadSpec:
    return LoadSpec(base_url, (share,), pacing or ClosedLoop(5), seed=3, duration_s=1.0)


READ = Share("read", ids=Rows(1, 200))


@dataclass(frozen=True)
class Taken:
    """A turn, and the moments that it was counted between."""

    turn: Turn
    from_s: float
    to_s: float


def take(generator: Generator, target: str, counted_s: float, lead_in_s: float = 0.0) -> Taken:
    generator.begin_turn(target)
    time.sleep(lead_in_s)
    from_s = time.monotonic()
    time.sleep(counted_s)
    to_s = time.monotonic()
    return Taken(generator.end_turn(target, from_s, to_s), from_s, to_s)


def test_what_was_answered_between_the_two_moments_is_counted(
    generator: Generator, null_server: str
) -> None:
    """Warm-up leaves nothing, what comes before and after the number of its requests."""
    generator.prepare_turns({"a": spec(null_server, READ)})
    generator.warm_up_turns("a", 0.02, 0.1)
    turns = [take(generator, "a", 0.02, lead_in_s=0.02) for _ in range(3)]
    (result,) = generator.collect_turns().values()
    assert result.failures == {}
    assert result.uncounted > 0
    assert result.succeeded == sum(taken.turn.succeeded for taken in turns) > 0
    assert result.latency["read"].count == result.succeeded
    assert result.duration_s == pytest.approx(sum(taken.to_s - taken.from_s for taken in turns))
    assert result.in_flight_s is not None
    assert 0 < result.in_flight_s <= 5 * result.duration_s * (1 + 1e-9)
    assert result.requests == result.succeeded + result.uncounted


def test_a_turn_of_which_nothing_counts(generator: Generator, null_server: str) -> None:
    """Its requests are told of all the same, and the next one begins as usual."""
    generator.prepare_turns({"a": spec(null_server, READ)})
    generator.begin_turn("a")
    assert generator.end_turn("a", 0.0, 0.0).succeeded == 0
    assert take(generator, "a", 0.1).turn.succeeded > 0
    (result,) = generator.collect_turns().values()
    assert result.uncounted >= 5


def test_connections_stay_busy_until_the_turn_is_ended(generator: Generator, cpu: int) -> None:
    """What they wait for then is answered, and not counted."""
    with running((cpu,), Behaviour(rows=200, delay_s=0.2)) as server:
        generator.prepare_turns({"a": spec(server, READ)})
        taken = take(generator, "a", 0.3)
    (result,) = generator.collect_turns().values()
    assert result.uncounted >= 5  # those that were waited for
    assert result.in_flight_s is not None
    assert result.in_flight_s > 2.5 * (taken.to_s - taken.from_s)


def test_a_request_at_an_edge_counts_by_its_share(generator: Generator, cpu: int) -> None:
    """Answers come in waves, here of five: whole ones would be 5 or 10, whatever the turn's length.

    No answer takes less than the server waits, so the work is known to be no more than that.
    """
    delay_s = 0.2
    with running((cpu,), Behaviour(rows=200, delay_s=delay_s)) as server:
        generator.prepare_turns({"a": spec(server, READ)})
        taken = take(generator, "a", 1.5 * delay_s, lead_in_s=0.5 * delay_s)
    (result,) = generator.collect_turns().values()
    assert result.served is not None
    assert result.in_flight_s is not None
    assert 0 < result.served <= result.in_flight_s / delay_s
    assert result.served % 5 != 0
    assert taken.turn.served == result.served == result.requests_served
    assert result.rate_per_s == result.served / result.duration_s


def test_the_load_goes_on_until_all_have_been_answered_after_the_turn(
    generator: Generator, cpu: int
) -> None:
    """What is in flight at its end is not quicker because others have fallen idle."""
    with running((cpu,), Behaviour(rows=200, delay_s=0.1)) as server:
        generator.prepare_turns({"a": spec(server, READ)})
        take(generator, "a", 0.05)
    (result,) = generator.collect_turns().values()
    assert result.uncounted > 5


def test_connections_and_ids_go_on_from_turn_to_turn(
    generator: Generator, null_server: str
) -> None:
    """Each target keeps its connections, and a row that may be used once is used once."""
    once = Share("delete", ids=Rows(1, 60, once=True))
    generator.prepare_turns({"a": spec(null_server, once), "b": spec(null_server, READ)})
    generator.warm_up_turns("a", 0.001, 0.001)
    for _ in range(200):
        take(generator, "a", 0.001)
        take(generator, "b", 0.001)
    results = generator.collect_turns()
    assert results["a"].ran_out
    assert results["a"].failures == {}  # the server answers 404 to a row that is gone
    assert results["a"].connections_opened == 0
    assert not results["b"].ran_out


def test_all_connections_are_open_before_the_first_request(
    generator: Generator, null_server: str
) -> None:
    """So a turn that is too short to use them all leaves none to be opened by one that counts."""
    few = Share("delete", ids=Rows(1, 1, once=True))
    generator.prepare_turns({"a": spec(null_server, few), "b": spec(null_server, READ)})
    generator.warm_up_turns("a", 0.02, 0.02)  # one row: one request, on one connection
    generator.warm_up_turns("b", 0.0, 0.0)
    assert take(generator, "b", 0.1).turn.succeeded > 5
    assert [each.connections_opened for each in generator.collect_turns().values()] == [0, 0]


def test_a_warm_up_ends_when_the_rate_is_steady(generator: Generator, null_server: str) -> None:
    """Not before its least time nor after its most, and at once when nothing is left to ask."""
    once = Share("delete", ids=Rows(1, 20, once=True))
    generator.prepare_turns({"a": spec(null_server, READ), "b": spec(null_server, once)})
    told = generator.warm_up_turns("a", 0.2, 5.0)
    assert told.steady
    assert 0.2 <= told.duration_s < 5.0
    assert not generator.warm_up_turns("a", 5.0, 0.2).steady
    told = generator.warm_up_turns("b", 5.0, 5.0)
    assert (told.requests, told.steady) == (20, False)
    assert told.duration_s < 1.0


def test_bytes_are_those_of_all_requests_after_the_warm_up(
    generator: Generator, null_server: str
) -> None:
    """Bytes are divided by all requests, so they hold those too that were not counted."""
    generator.prepare_turns({"a": spec(null_server, Share("ping"))})
    generator.warm_up_turns("a", 0.02, 0.02)
    take(generator, "a", 0.02, lead_in_s=0.02)
    (result,) = generator.collect_turns().values()
    address = null_server.removeprefix("http://")
    sent = f"GET /ping HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    assert result.bytes_sent == result.requests * len(sent)


def test_failures_count_whenever_they_happen(generator: Generator, bad_server) -> None:
    """A failure in a lead-in is a failure, though nothing of it is measured."""
    body = b'{"status":"ok"}'
    status = ["500 Internal Server Error"]
    server = bad_server(lambda connection, _: not connection.sendall(answer(status[0], body)))
    generator.prepare_turns({"a": spec(server.base_url, Share("ping"), ClosedLoop(1))})
    generator.begin_turn("a")
    time.sleep(0.02)
    failed = generator.end_turn("a", 0.0, 0.0).failed
    status[0] = "200 OK"
    take(generator, "a", 0.02)
    (result,) = generator.collect_turns().values()
    assert failed > 0
    assert sum(result.failures.values()) >= failed


def test_a_turn_that_was_not_prepared_is_refused(generator: Generator, null_server: str) -> None:
    """An unknown target, one that has not begun, and an open loop, whose arrivals know no turns."""
    generator.prepare_turns({"a": spec(null_server, READ)})
    with pytest.raises(GeneratorFailed, match="no turns of b"):
        generator.begin_turn("b")
    with pytest.raises(GeneratorFailed, match="no turn has begun"):
        generator.end_turn("a", 0.0, 0.0)
    with pytest.raises(GeneratorFailed, match="closed loop"):
        generator.prepare_turns({"a": spec(null_server, READ, OpenLoop(100.0))})


def test_two_servers_are_asked_one_at_a_time(cpu: int) -> None:
    """While one target has its turn, no request is in flight to another."""
    with (
        running((cpu,), Behaviour(rows=200)) as one,
        running((cpu,), Behaviour(rows=200)) as other,
        Generator((cpu,)) as generator,
    ):
        generator.prepare_turns({"one": spec(one, READ), "other": spec(other, READ)})
        turns = [take(generator, name, 0.01).turn for name in ("one", "other") * 5]
        results = generator.collect_turns()
    for place, name in enumerate(("one", "other")):
        assert results[name].succeeded == sum(turn.succeeded for turn in turns[place::2])
