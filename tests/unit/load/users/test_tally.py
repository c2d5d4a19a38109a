"""What processes of Locust have seen, put together."""

import math

import pytest

from bench import histogram
from bench.load.users.tally import (
    MOST_MOMENTS,
    SeenRequest,
    Tally,
    WindowTally,
    busiest_share,
    users_at,
)

START = 1_700_000_000.0


def seen(at_s: float, seconds: float = 0.010, late_s: float = math.nan) -> SeenRequest:
    return SeenRequest(START + at_s, START + at_s + seconds, late_s, 100, 200, 1)


def report(tally: Tally, at_s: float = 0.0, cpu_s: float = 0.0, missed: int = 0) -> dict:
    return {**tally.take(missed), "at_unix_s": START + at_s, "cpu_s": cpu_s}


def add(window_tally: WindowTally, name: str, told: dict, ahead_s: float = 0.0) -> None:
    """A report that arrives 20 ms after it was written, by a clock that is ahead."""
    window_tally.add(name, told, told["at_unix_s"] - ahead_s + 0.020)


def started(duration_s: float = 10.0) -> WindowTally:
    window_tally = WindowTally(duration_s)
    window_tally.start(START)
    return window_tally


def test_reports_of_several_processes_make_one_result() -> None:
    """Counts, exact times by operation, reasons, bytes and connections of both."""
    first, second, window_tally = Tally(), Tally(), started()
    for number in range(100):
        first.add("read", "", seen(number / 10, 0.010))
        second.add("list", "", seen(number / 10, 0.030))
    second.add("create", "status 500", seen(5.0))
    add(window_tally, "worker 0", report(first))
    add(window_tally, "worker 1", report(second))
    result = window_tally.result()
    assert (result.succeeded, result.failures) == (200, {"status 500": 1})
    assert {name: each.count for name, each in result.latency.items()} == {"read": 100, "list": 100}
    assert result.latency["list"].mean_s == pytest.approx(0.030, rel=1e-6)
    assert (result.bytes_sent, result.bytes_received) == (100 * 201, 200 * 201)
    assert result.connections_opened == 201
    assert result.duration_s == pytest.approx(9.93)
    assert result.lateness is None
    assert result.users is not None
    assert [worker.requests for worker in result.users.workers] == [100, 101]


def test_a_report_is_told_once() -> None:
    """What was taken does not come again."""
    tally, window_tally = Tally(), started()
    tally.add("read", "", seen(1.0), gone=True)
    for _ in range(3):
        add(window_tally, "locust", report(tally))
    result = window_tally.result()
    assert result.succeeded == 1
    assert result.users is not None
    assert result.users.gone == 1


def test_what_was_sent_before_the_start_does_not_count() -> None:
    """Not even when its answer came after it; the window begins with the first send."""
    tally, window_tally = Tally(), started()
    tally.add("read", "", seen(-1.0))
    tally.add("read", "", seen(-0.1, 0.5))
    tally.add("read", "timeout", seen(-0.1, 0.5))
    tally.add("read", "", seen(0.1))
    add(window_tally, "locust", report(tally))
    result = window_tally.result()
    assert (result.succeeded, result.failed) == (1, 0)
    assert result.bytes_sent == 100


def test_a_window_without_an_answer_lasted_as_long_as_it_was_meant_to() -> None:
    """Its CPU time is divided by that, and not by nothing."""
    result = started(10.0).result()
    assert (result.succeeded, result.duration_s) == (0, 10.0)


def test_moments_hold_every_request_once() -> None:
    """Slices of the window: counts, failures, users and times of each, nothing left out."""
    tally, window_tally = Tally(), started(10.0)
    for number in range(100):
        tally.add("read", "", seen(number / 10, 0.001 if number < 50 else 0.100))
    tally.add("read", "timeout", seen(3.2))
    for second in range(11):
        window_tally.users(START + second, 5 * second)
    add(window_tally, "locust", report(tally))
    users = window_tally.result().users
    assert users is not None
    assert len(users.moments) == 10
    assert sum(moment.succeeded for moment in users.moments) == 100
    assert [moment.failed for moment in users.moments] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [moment.users for moment in users.moments[:3]] == [5, 10, 15]
    assert users.moments[0].latency is not None
    assert users.moments[-1].latency is not None
    assert users.moments[0].latency.mean_s == pytest.approx(0.001, rel=1e-3)
    assert users.moments[-1].latency.mean_s == pytest.approx(0.100, rel=1e-3)
    assert [moment.to_s for moment in users.moments[:-1]] == [
        moment.from_s for moment in users.moments[1:]
    ]


def test_what_comes_after_the_planned_end_belongs_to_the_last_moment() -> None:
    """A late answer counts in the last moment, which ends with it."""
    tally, window_tally = Tally(), started(3.0)
    for at_s in (0.5, 1.5, 2.5):
        tally.add("read", "", seen(at_s))
    tally.add("read", "", seen(2.9, 0.4))
    add(window_tally, "locust", report(tally))
    users = window_tally.result().users
    assert users is not None
    assert [moment.succeeded for moment in users.moments] == [1, 1, 2]
    assert users.moments[-1].to_s == pytest.approx(3.3)


@pytest.mark.parametrize("duration_s", [1.0, 59.0, 60.0, 61.0, 300.0, 86_400.0])
def test_moments_stay_few_however_long_the_run(duration_s: float) -> None:
    """A long run has longer moments, not more of them, and loses no request."""
    tally, window_tally = Tally(), started(duration_s)
    for number in range(1000):
        tally.add("read", "", seen(number * duration_s / 1000))
    add(window_tally, "locust", report(tally))
    users = window_tally.result().users
    assert users is not None
    assert 1 <= len(users.moments) <= MOST_MOMENTS + 1
    assert sum(moment.succeeded for moment in users.moments) == 1000


def test_times_of_a_beat_count_from_when_they_were_due() -> None:
    """The row begins when the request was due; lateness is told beside it."""
    tally, window_tally = Tally(), started()
    for number in range(20):
        tally.add("read", "", seen(number / 10, 0.015, late_s=0.005))
    add(window_tally, "locust", report(tally))
    result = window_tally.result()
    assert histogram.quantiles_s(result.latency["read"], (50,))[0] == pytest.approx(0.015, rel=1e-3)
    assert result.lateness is not None
    assert result.lateness.p50_s == pytest.approx(0.005, rel=1e-3)
    assert result.lateness.late == 20


@pytest.mark.parametrize("ahead_s", [-30.0, -0.5, 0.3, 3600.0])
def test_a_worker_whose_clock_is_off_loses_no_request_and_stretches_no_window(
    ahead_s: float,
) -> None:
    """Its times are put right by what its reports show, and the difference is told."""
    tally, window_tally = Tally(), started()
    for number in range(100):
        tally.add("read", "", seen(number / 10 + ahead_s))
    add(window_tally, "worker 0", report(tally, 10.0 + ahead_s), ahead_s)
    result = window_tally.result()
    assert result.succeeded == 100
    assert result.duration_s == pytest.approx(9.93, abs=0.03)
    assert result.users is not None
    assert result.users.workers[0].clock_off_s == pytest.approx(ahead_s, abs=0.03)


def test_a_report_that_was_long_on_its_way_is_no_wrong_clock() -> None:
    """One of several reports that came at once is enough to know."""
    tally, window_tally = Tally(), WindowTally(10.0)
    window_tally.add("worker 0", report(tally, -1.0), START - 1.0 + 0.002)
    window_tally.start(START)
    tally.add("read", "", seen(0.1))
    window_tally.add("worker 0", report(tally, 1.0), START + 3.0)
    users = window_tally.result().users
    assert users is not None
    assert users.workers[0].clock_off_s == 0
    assert users.moments[0].succeeded == 1


def test_what_was_due_and_never_sent_is_counted() -> None:
    """Also where nothing was sent at all."""
    tally, window_tally = Tally(), started()
    add(window_tally, "locust", report(tally, 9.9))
    add(window_tally, "locust", report(tally, 10.0, missed=7))
    lateness = window_tally.result().lateness
    assert lateness is not None
    assert lateness.unsent == 7


def test_a_lost_worker_is_told_with_when_and_keeps_what_it_reported() -> None:
    """What a worker had reported stays counted; when it was lost is told once."""
    tally, window_tally = Tally(), started()
    tally.add("read", "", seen(1.0))
    add(window_tally, "worker 0", report(tally))
    window_tally.lost("worker 0", 123, START + 4)
    window_tally.lost("worker 0", 123, START + 9)
    users = window_tally.result().users
    assert users is not None
    assert [(worker.requests, worker.lost_at_s) for worker in users.workers] == [(1, 4.0)]


def test_cpu_time_before_the_start_is_taken_off() -> None:
    """Imports and warm-up are not the window's."""
    tally, window_tally = Tally(), WindowTally(10.0)
    add(window_tally, "locust", report(tally, -1.0, 5.0))
    add(window_tally, "locust", report(tally, 0.0, 6.0))
    window_tally.start(START)
    add(window_tally, "locust", report(tally, 10.0, 8.0))
    users = window_tally.result().users
    assert users is not None
    (worker,) = users.workers
    assert worker.cpu_s == pytest.approx(2.0)
    assert worker.busiest_share == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("readings", "share"),
    [
        ([], None),
        ([(0, 0)], None),
        ([(0, 0), (4, 2)], 0.5),
        ([(0, 0), (10, 1), (20, 11), (30, 12)], 1.0),
        ([(0, 0), (3, 3), (6, 3), (9, 3), (12, 3)], 0.25),
        ([(0, 0), (5, 1), (11, 9.9), (30, 10)], 0.9),
    ],
)
def test_the_busiest_stretch_is_at_least_ten_seconds(readings, share: float | None) -> None:
    """A burst of three seconds is not what limits a run."""
    assert busiest_share(readings, 10) == (None if share is None else pytest.approx(share))


def test_users_are_those_of_the_latest_count() -> None:
    """Between two counts the earlier one holds."""
    seen_users = [(1.0, 5), (2.0, 10)]
    assert [users_at(seen_users, at) for at in (0.5, 1.0, 1.9, 2.0, 99.0)] == [0, 5, 5, 10, 10]
