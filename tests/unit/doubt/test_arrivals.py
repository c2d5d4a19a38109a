"""An open loop is doubted when it did not offer what was asked for."""

from bench.doubt import open_loop_off
from bench.model import ClosedLoop, Lateness, OpenLoop
from tests.unit.factories import load_result

ON_TIME = Lateness(p50_s=0.00005, p99_s=0.0003, max_s=0.002, late=1, unsent=0)


def codes(rate_per_s: float, lateness: Lateness, **changes: object) -> dict[str, str]:
    load = load_result(1000, 2.0, lateness=lateness, **changes)
    found = open_loop_off(load, OpenLoop(rate_per_s))
    assert all(warning.remedy for warning in found)
    return {warning.code: warning.severity for warning in found}


def test_a_kept_schedule_is_not_doubted() -> None:
    """500 requests/s asked, 500 answered, sent on time."""
    assert codes(500, ON_TIME) == {}


def test_a_closed_loop_has_no_schedule() -> None:
    """Its requests are never late: they wait for answers."""
    assert open_loop_off(load_result(), ClosedLoop(20)) == ()


def test_unsent_requests_forbid_the_figure() -> None:
    """What was not sent is not in the percentiles."""
    unsent = Lateness(0.00005, 0.0003, 0.002, 0, unsent=7)
    assert codes(500, unsent) == {"unsent": "invalid"}


def test_a_growing_queue_is_doubted() -> None:
    """Answered later than they came: the latencies depend on how long one looked."""
    assert codes(600, ON_TIME) == {"behind": "doubt"}


def test_a_late_generator_is_doubted() -> None:
    """1 ms late at p99 is an error of the measurement, and told."""
    late = Lateness(0.0002, 0.0015, 0.01, 40, 0)
    assert codes(500, late) == {"late-sending": "doubt"}


def test_a_latency_that_is_mostly_the_generators_own_is_forbidden() -> None:
    """p99 is 10 ms here: 4.9 ms of it may be the generator's, 5.1 ms may not."""
    assert codes(500, Lateness(0.0002, 0.0049, 0.02, 40, 0)) == {"late-sending": "doubt"}
    assert codes(500, Lateness(0.0002, 0.0051, 0.02, 40, 0)) == {"late-sending": "invalid"}
