import pytest

from bench.load.recorder import _BLOCK, LATE_S, DurationRecorder, LatenessRecorder, Recorder


def test_successes_count_by_operation_and_failures_by_reason() -> None:
    """Failures have no latency; each reason has its count."""
    recorder = Recorder()
    recorder.success("read", 0.001)
    recorder.success("read", 0.003)
    recorder.success("create", 0.002)
    recorder.failure("timeout")
    recorder.failure("status 500")
    recorder.failure("status 500")
    assert (recorder.succeeded, recorder.failed) == (3, 3)
    assert recorder.failures() == {"status 500": 2, "timeout": 1}
    latency = recorder.latency()
    assert set(latency) == {"read", "create"}
    assert latency["read"].count == 2
    assert latency["read"].mean_s == pytest.approx(0.002)


def test_lateness_tells_its_percentiles_and_counts_what_was_late() -> None:
    """Lateness is told by percentiles, with how many were late or never sent."""
    recorder = LatenessRecorder()
    for _ in range(98):
        recorder.sent(0.00005)
    recorder.sent(LATE_S * 2)
    recorder.sent(LATE_S * 5)
    recorder.unsent = 3
    told = recorder.lateness()
    assert told.p50_s == pytest.approx(0.00005)
    assert told.p99_s == pytest.approx(LATE_S * 2, rel=1e-3)
    assert (told.max_s, told.late, told.unsent) == (LATE_S * 5, 2, 3)


def test_the_lateness_of_nothing_is_not_known() -> None:
    """Nobody was on time where nobody was sent: no percentile is 0."""
    told = LatenessRecorder().lateness()
    assert (told.p50_s, told.p99_s, told.max_s, told.times) == (None, None, None, None)
    assert (told.late, told.unsent) == (0, 0)


def test_lateness_keeps_its_distribution() -> None:
    """So that the rounds of a run can be put together."""
    recorder = LatenessRecorder()
    recorder.sent(0.00005)
    recorder.due_s = 2.0
    told = recorder.lateness()
    assert told.times is not None
    assert (told.times.count, told.due_s) == (1, 2.0)


def test_what_is_held_does_not_grow_with_the_number_of_values() -> None:
    """However many came, less than one block waits to be counted."""
    series = DurationRecorder()
    for blocks in (1, 2, 20):
        for _ in range(blocks * _BLOCK + 1):
            series.add(0.001)
        assert len(series._block) < _BLOCK
    assert series.distribution().count == 23 * _BLOCK + 3


def test_the_running_p99_is_that_of_the_latest_answers() -> None:
    """Of all operations together; unknown while they are too few; close to the final one."""
    recorder = Recorder()
    for number in range(499):
        recorder.success("read", number / 1000)
    assert recorder.p99_s() is None
    for number in range(499, 1000):
        recorder.success("create", number / 1000)
    assert recorder.p99_s() == 0.989


def test_the_running_p99_forgets_what_is_long_past() -> None:
    """Two blocks are looked at, however long the window: its cost is bounded."""
    recorder = Recorder()
    for _ in range(5_000):
        recorder.success("read", 9.0)
    for _ in range(9_000):
        recorder.success("read", 0.01)
    assert recorder.p99_s() == 0.01
