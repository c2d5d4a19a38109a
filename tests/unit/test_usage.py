"""What a difference of two readings tells, whoever has come and gone in between."""

from bench.model import Usage


def test_switches_of_who_has_come_count_and_of_who_has_gone_are_missing() -> None:
    """A connection that is closed in a window takes its counters along: nothing is subtracted."""
    before = Usage(1.0, 3, {10: (100, 10), 11: (5_000, 500)})
    after = Usage(2.0, 3, {10: (130, 12), 12: (40, 4)})
    assert after.switches_since(before) == (70, 6)
    assert (before.processes, after.processes) == (2, 2)


def test_a_thread_that_has_ended_does_not_make_less_than_nothing() -> None:
    """A process's sum falls when a thread of it ends."""
    before = Usage(1.0, 2, {10: (100, 10)})
    after = Usage(2.0, 1, {10: (60, 12)})
    assert after.switches_since(before) == (0, 2)
