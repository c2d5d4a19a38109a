"""What Locust's processes have seen: one of them (`Tally`), and all together (`WindowTally`).

Locust keeps response times in rounded buckets (two significant digits above 100 ms). The exact
times travel beside its own statistics instead: a row of numbers per request, which is folded
into histograms where it arrives. Free of I/O and of Locust.
"""

import math
import os
import time
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast, get_args

import numpy as np
import numpy.typing as npt

from bench import histogram
from bench.load.recorder import DurationRecorder, LatenessRecorder, Recorder
from bench.model import LoadResult, LocustWorker, Moment, Operation, Progress, UsersResult

OPERATIONS = get_args(Operation)
MOST_MOMENTS = 60
BUSY_OVER_S = 10.0
"""Over which time the CPU use of a worker is judged: Locust's own interval."""

CLOCK_SLACK_S = 0.25
"""What a report may take to arrive. A smaller difference between two clocks cannot be seen."""


class SeenRequest(NamedTuple):
    """One request. `since_s` is when it was sent or, with a beat, due; the times are seconds since
    1970. `late_s` is not a number where nothing was due.
    """

    since_unix_s: float
    done_unix_s: float
    late_s: float
    sent_bytes: float
    received_bytes: float
    connections: float


_WIDTH = len(SeenRequest._fields)


class Tally:
    """What this process has seen since it was last asked."""

    def __init__(self) -> None:
        self._rows: defaultdict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
        self._gone = 0

    def add(self, operation: str, reason: str, seen: SeenRequest, *, gone: bool = False) -> None:
        """A request: right when there is no `reason`."""
        self._rows[operation, reason].extend(seen)
        self._gone += gone

    def take(self, missed: int = 0) -> dict[str, Any]:
        """All of it in msgpack's types, to be sent to the master; then begin again.

        `missed` is told at the end: requests that were due and have not been sent.
        """
        report = {
            "pid": os.getpid(),
            "at_unix_s": time.time(),
            "cpu_s": time.process_time(),
            "gone": self._gone,
            "missed": missed,
            "rows": [[*key, rows.tobytes()] for key, rows in self._rows.items()],
        }
        self._rows.clear()
        self._gone = 0
        return report


class _WorkerTally:
    """What is known of one process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.requests = 0
        self.gone = 0
        self.cpu: list[tuple[float, float]] = []
        self.lost_at_s: float | None = None
        self._ahead_s = -math.inf

    def read_clock(self, theirs_unix_s: float, ours_unix_s: float) -> None:
        """Learn of its clock from a report that has just arrived.

        A report takes time to arrive, which makes the clock look slow. So the highest reading is
        the nearest.
        """
        self._ahead_s = max(self._ahead_s, theirs_unix_s - ours_unix_s)

    @property
    def clock_off_s(self) -> float:
        """How far its clock is ahead of the leader's; 0 where that may be a report's way."""
        return self._ahead_s if abs(self._ahead_s) > CLOCK_SLACK_S else 0.0


class WindowTally:
    """Everything that the processes of a window report, from `start` on.

    Requests that were due or sent before it do not count. The leader's clock is the one that
    counts: times by a clock that is off by more than `CLOCK_SLACK_S` are put right.
    """

    def __init__(self, duration_s: float) -> None:
        self._duration_s = duration_s
        self._width_s = max(1.0, math.ceil(duration_s / MOST_MOMENTS))
        self._started_unix_s = math.inf
        self._last_s = 0.0
        self._recorder = Recorder()
        self._lateness = LatenessRecorder()
        self._paced = False
        self._moments: defaultdict[int, DurationRecorder] = defaultdict(DurationRecorder)
        self._failed: Counter[int] = Counter()
        self._users: list[tuple[float, int]] = []
        self._bytes = np.zeros(3)
        self._sources: dict[str, _WorkerTally] = {}

    @property
    def started(self) -> bool:
        """Whether the window has begun."""
        return math.isfinite(self._started_unix_s)

    def start(self, now_unix_s: float) -> None:
        """The window begins at this moment, in seconds since 1970."""
        self._started_unix_s = now_unix_s

    def since_s(self, now_unix_s: float) -> float:
        """Seconds since the start; 0 before it."""
        return max(0.0, now_unix_s - self._started_unix_s)

    def users(self, now_unix_s: float, count: int) -> None:
        """How many users there are now."""
        if self.started:
            self._users.append((self.since_s(now_unix_s), count))

    def add(self, name: str, report: Mapping[str, Any], now_unix_s: float) -> None:
        """What one process reports, as it arrives."""
        source = self._sources.setdefault(name, _WorkerTally(report["pid"]))
        source.read_clock(report["at_unix_s"], now_unix_s)
        reading = (report["at_unix_s"], report["cpu_s"])
        if not self.started:
            # Of what was before the start, only the CPU time is of use: to be taken off.
            source.cpu = [reading]
            return
        source.cpu.append(reading)
        source.gone += report["gone"]
        if report["missed"]:
            self._paced = True
            self._lateness.unsent += report["missed"]
        for operation, reason, data in report["rows"]:
            rows = np.frombuffer(data, dtype=np.float64).reshape(-1, _WIDTH).copy()
            rows[:, :2] -= source.clock_off_s
            rows = rows[rows[:, 0] >= self._started_unix_s]
            source.requests += len(rows)
            self._fold(operation, reason, rows)

    def lost(self, name: str, pid: int, now_unix_s: float) -> None:
        """A process that does not report any more."""
        source = self._sources.setdefault(name, _WorkerTally(pid))
        if source.lost_at_s is None:
            source.lost_at_s = self.since_s(now_unix_s)

    def _fold(self, operation: str, reason: str, rows: npt.NDArray[np.float64]) -> None:
        if not len(rows):
            return
        self._bytes += rows[:, 3:].sum(axis=0)
        since, done = rows[:, 0] - self._started_unix_s, rows[:, 1] - self._started_unix_s
        self._last_s = max(self._last_s, float(done.max()))
        for moment, seconds in zip(
            (done // self._width_s).astype(int), (done - since).tolist(), strict=True
        ):
            if reason:
                self._recorder.failure(reason)
                self._failed[int(moment)] += 1
            else:
                self._recorder.success(cast("Operation", operation), seconds)
                self._moments[int(moment)].add(seconds)
        for late_s in rows[:, 2][~np.isnan(rows[:, 2])].tolist():
            self._paced = True
            self._lateness.sent(late_s)

    def progress(self, now_unix_s: float) -> Progress:
        """What has been counted so far, and the mean rate since the start."""
        elapsed_s = self.since_s(now_unix_s)
        done = self._recorder
        rate = done.succeeded / elapsed_s if elapsed_s else 0.0
        return Progress(elapsed_s, done.succeeded, done.failed, rate)

    def result(self) -> LoadResult:
        """The window, from its start to the last byte; as long as planned when none came."""
        done = self._recorder
        self._lateness.due_s = self._duration_s
        sent, received, opened = (int(total) for total in self._bytes)
        return LoadResult(
            duration_s=self._last_s or self._duration_s,
            succeeded=done.succeeded,
            failures=done.failures(),
            latency=done.latency(),
            bytes_sent=sent,
            bytes_received=received,
            connections_opened=opened,
            lateness=self._lateness.lateness() if self._paced else None,
            started_at_unix_s=self._started_unix_s,
            users=UsersResult(
                moments=self._as_moments(),
                workers=tuple(_worker(name, source) for name, source in self._sources.items()),
                gone=sum(source.gone for source in self._sources.values()),
            ),
        )

    def _as_moments(self) -> tuple[Moment, ...]:
        """Slices of equal width; the last one takes what comes after the planned end."""
        last = max(1, round(self._last_s / self._width_s)) - 1
        return tuple(self._moment(number, is_last=number == last) for number in range(last + 1))

    def _moment(self, number: int, *, is_last: bool) -> Moment:
        numbers = [
            second
            for second in self._seen_in()
            if second == number or (is_last and second > number)
        ]
        parts = [
            self._moments[second].distribution() for second in numbers if second in self._moments
        ]
        latency = histogram.merge(parts) if parts else None
        to_s = self._last_s if is_last else (number + 1) * self._width_s
        return Moment(
            from_s=number * self._width_s,
            to_s=to_s,
            users=users_at(self._users, to_s),
            succeeded=latency.count if latency else 0,
            failed=sum(self._failed[second] for second in numbers),
            latency=latency,
        )

    def _seen_in(self) -> list[int]:
        return sorted({*self._moments, *self._failed})


def users_at(seen: Sequence[tuple[float, int]], moment_s: float) -> int:
    """The latest count of users up to a moment; none before the first."""
    place = bisect_right([at_s for at_s, _ in seen], moment_s)
    return seen[place - 1][1] if place else 0


def busiest_share(readings: Sequence[tuple[float, float]], over_s: float) -> float | None:
    """The highest CPU use, as a share of one core, over any stretch of at least `over_s` seconds.

    Readings are (seconds, cumulated CPU seconds), ascending. Where all of them together are
    shorter, it is the use over all of them; None with fewer than two.
    """
    if len(readings) < 2 or readings[-1][0] <= readings[0][0]:
        return None
    times = [at_s for at_s, _ in readings]
    shares = [
        (readings[end][1] - cpu_s) / (times[end] - at_s)
        for at_s, cpu_s in readings
        if (end := _first_at(times, at_s + over_s)) is not None
    ]
    whole = (readings[-1][1] - readings[0][1]) / (times[-1] - times[0])
    return max(shares, default=whole)


def _first_at(times: Sequence[float], moment_s: float) -> int | None:
    return next((place for place, at_s in enumerate(times) if at_s >= moment_s), None)


def _worker(name: str, source: _WorkerTally) -> LocustWorker:
    return LocustWorker(
        name=name,
        pid=source.pid,
        requests=source.requests,
        cpu_s=source.cpu[-1][1] - source.cpu[0][1] if source.cpu else 0.0,
        busiest_share=busiest_share(source.cpu, BUSY_OVER_S),
        lost_at_s=source.lost_at_s,
        clock_off_s=source.clock_off_s,
    )
