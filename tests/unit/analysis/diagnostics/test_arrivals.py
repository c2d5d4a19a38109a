"""An open loop is doubted when it did not offer what was asked for."""

from bench.analysis.diagnostics import open_loop_off
from bench.model import ClosedLoop, Lateness, LoadResult, OpenLoop
from tests.unit.factories import distribution, load_result


def late(usual_s: float = 0.00005, tail_s: float = 0.0003, count: int = 1000) -> Lateness:
    """One request in 50 was sent `tail_s` late, the others `usual_s`; they came for 2 s."""
    few = count // 50
    times = distribution([usual_s] * (count - few) + [tail_s] * few)
    return Lateness(usual_s, tail_s, tail_s, few, 0, times, due_s=2.0)


def codes(load: LoadResult, rate_per_s: float = 500) -> dict[str, str]:
    found = open_loop_off(load, OpenLoop(rate_per_s, "poisson"))
    assert all(diagnostic.remedy for diagnostic in found)
    return {diagnostic.code: diagnostic.severity for diagnostic in found}


def test_a_kept_schedule_is_not_doubted() -> None:
    """Sent on time, and answered as fast as it came."""
    assert codes(load_result(1000, 2.0, lateness=late())) == {}


def test_a_closed_loop_has_no_schedule() -> None:
    """Its requests are never late: they wait for answers."""
    assert open_loop_off(load_result(), ClosedLoop(20)) == ()


def test_unsent_requests_forbid_the_figure() -> None:
    """What was not sent is not in the percentiles. That nothing at all was sent is told too."""
    assert codes(load_result(0, lateness=Lateness(None, None, None, 0, unsent=7))) == {
        "unsent": "invalid"
    }


def test_a_growing_queue_is_doubted() -> None:
    """Answered later than they came: the latencies depend on how long one looked."""
    assert codes(load_result(1000, 2.3, lateness=late())) == {"behind": "doubt"}


def test_how_many_requests_came_by_chance_is_no_queue() -> None:
    """Of 500/s only 430/s came and all were answered: irregular arrivals scatter like that."""
    assert codes(load_result(860, 2.0, lateness=late(count=860))) == {}


def test_a_slow_answer_without_a_queue_is_no_growing_queue() -> None:
    """Every answer takes 0.3 s, the last one too: nothing is waiting before it."""
    slow = {"read": distribution([0.3] * 1000)}
    assert codes(load_result(1000, 2.3, latency=slow, lateness=late())) == {}


def test_a_late_generator_is_doubted() -> None:
    """1 ms late at p99 is an error of the measurement, and told."""
    load = load_result(1000, 2.0, lateness=late(tail_s=0.0015))
    assert codes(load) == {"late-sending": "doubt"}


def test_a_latency_that_is_mostly_the_generators_own_is_forbidden() -> None:
    """p99 is 10 ms here: 4.9 ms of it may be the generator's, 5.1 ms may not."""
    for tail_s, severity in ((0.0049, "doubt"), (0.0051, "invalid")):
        load = load_result(1000, 2.0, lateness=late(tail_s=tail_s))
        assert codes(load) == {"late-sending": severity}


def test_short_windows_are_judged_where_both_sides_can_be_told() -> None:
    """Two hundred requests have no p99, but a p95: there the generator is most of the latency.

    With a late tail alone, p95 is the target's own.
    """
    whole = load_result(200, 2.0, lateness=late(0.006, 0.006, count=200))
    assert codes(whole) == {"late-sending": "invalid"}
    tail = load_result(200, 2.0, lateness=late(tail_s=0.006, count=200))
    assert codes(tail) == {"late-sending": "doubt"}


def test_a_handful_of_requests_forbids_nothing() -> None:
    """Nine requests have not even a median; that they are few is another doubt."""
    assert codes(load_result(9, 2.0, lateness=late(0.009, 0.009, count=9))) == {
        "late-sending": "doubt"
    }
