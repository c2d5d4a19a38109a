"""Targets that take turns: what is counted, what is not, and what goes on from turn to turn."""

import pytest

from bench.errors import GeneratorFailed
from bench.load.generator import Generator
from bench.load.nullserver import Behaviour, running
from bench.model import ClosedLoop, LoadSpec, OpenLoop, Rows, Share

from .conftest import answer


def spec(base_url: str, share: Share, pacing=None) -> LoadSpec:
    return LoadSpec(base_url, (share,), pacing or ClosedLoop(5), seed=3, duration_s=1.0)


READ = Share("read", ids=Rows(1, 200))


def test_only_counted_turns_are_measured(generator: Generator, null_server: str) -> None:
    """Warm-up leaves nothing, a lead-in the number of its requests, a counted turn its figures."""
    generator.prepare_turns({"a": spec(null_server, READ)})
    generator.warm_up_turns("a", 0.02, 0.1)
    led_in = generator.turn("a", "lead-in", 0.02)
    counted = [generator.turn("a", "counted", 0.02) for _ in range(3)]
    (result,) = generator.collect_turns().values()
    assert result.failures == {}
    assert result.uncounted == led_in.succeeded > 0
    assert result.succeeded == sum(turn.succeeded for turn in counted)
    assert result.latency["read"].count == result.succeeded
    assert result.duration_s == pytest.approx(sum(turn.duration_s for turn in counted))
    assert result.sending_s == pytest.approx(0.06)
    assert result.sending_s <= result.duration_s
    assert result.requests == result.succeeded + led_in.succeeded


def test_connections_and_ids_go_on_from_turn_to_turn(
    generator: Generator, null_server: str
) -> None:
    """Each target keeps its connections, and a row that may be used once is used once."""
    once = Share("delete", ids=Rows(1, 60, once=True))
    generator.prepare_turns({"a": spec(null_server, once), "b": spec(null_server, READ)})
    generator.warm_up_turns("a", 0.001, 0.001)
    for _ in range(200):
        generator.turn("a", "counted", 0.001)
        generator.turn("b", "counted", 0.001)
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
    assert generator.turn("b", "counted", 0.1).succeeded > 5
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


def test_a_lead_in_is_over_when_its_last_answer_has_come(generator: Generator, cpu: int) -> None:
    """It stops sending early, by what the turn before took to drain; each connection sends once."""
    with running((cpu,), Behaviour(rows=200, delay_s=0.2)) as server:
        generator.prepare_turns({"a": spec(server, READ)})
        assert generator.turn("a", "counted", 0.05).duration_s >= 0.2
        lead_in = generator.turn("a", "lead-in", 0.5)
        short = generator.turn("a", "lead-in", 0.05)
    assert lead_in.succeeded == 10  # sent at 0 and at 0.2 s, no more at 0.4 s
    assert short.succeeded == 5


def test_bytes_are_those_of_all_requests_after_the_warm_up(
    generator: Generator, null_server: str
) -> None:
    """Bytes are divided by all requests, so they hold the lead-ins' too."""
    generator.prepare_turns({"a": spec(null_server, Share("ping"))})
    generator.warm_up_turns("a", 0.02, 0.02)
    for kind in ("lead-in", "counted"):
        generator.turn("a", kind, 0.02)
    (result,) = generator.collect_turns().values()
    address = null_server.removeprefix("http://")
    sent = f"GET /ping HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    assert result.bytes_sent == result.requests * len(sent)


def test_failures_count_whenever_they_happen(generator: Generator, bad_server) -> None:
    """A failure in a lead-in is a failure, though nothing of that turn is measured."""
    body = b'{"status":"ok"}'
    status = ["500 Internal Server Error"]
    server = bad_server(lambda connection, _: not connection.sendall(answer(status[0], body)))
    generator.prepare_turns({"a": spec(server.base_url, Share("ping"), ClosedLoop(1))})
    failed = generator.turn("a", "lead-in", 0.02).failed
    status[0] = "200 OK"
    generator.turn("a", "counted", 0.02)
    (result,) = generator.collect_turns().values()
    assert failed > 0
    assert sum(result.failures.values()) >= failed


def test_a_turn_that_was_not_prepared_is_refused(generator: Generator, null_server: str) -> None:
    """An unknown target, and an open loop, whose arrivals know no turns."""
    generator.prepare_turns({"a": spec(null_server, READ)})
    with pytest.raises(GeneratorFailed, match="no turns of b"):
        generator.turn("b", "counted", 0.01)
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
        turns = [generator.turn(name, "counted", 0.01) for name in ("one", "other") * 5]
        results = generator.collect_turns()
    for place, name in enumerate(("one", "other")):
        assert results[name].succeeded == sum(turn.succeeded for turn in turns[place::2])
