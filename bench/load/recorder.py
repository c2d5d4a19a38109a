"""What happened in a window, kept in constant memory.

Appending to an array costs 50 ns a value; counting in a histogram in Python would cost thirty
times that. So values are appended, and folded into the histogram a block at a time.
"""

import math
from array import array
from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bench import histogram
from bench.model import Distribution, Lateness, Operation

_BLOCK = 4096
"""Folding a block takes about 0.1 ms: small enough not to disturb what is being timed."""

LATE_S = 0.001


class DurationRecorder:
    """Durations of one kind, in seconds."""

    def __init__(self) -> None:
        self._block = array("d")
        self._folded = array("d")
        self._counts = histogram.empty()
        self._count = 0
        self._sum_s = 0.0
        self._min_s = math.inf
        self._max_s = -math.inf

    def add(self, seconds: float) -> None:
        """Count a duration in seconds."""
        self._block.append(seconds)
        if len(self._block) >= _BLOCK:
            self._fold()

    def _fold(self) -> None:
        if not self._block:
            return
        values = np.frombuffer(self._block, dtype=np.float64)
        histogram.fold(self._counts, values)
        self._count += values.size
        self._sum_s += float(values.sum())
        self._min_s = min(self._min_s, float(values.min()))
        self._max_s = max(self._max_s, float(values.max()))
        self._folded = self._block
        self._block = array("d")

    def latest(self) -> npt.NDArray[np.float64]:
        """The block that is being filled, and the one before it."""
        # Copied: an array whose memory somebody looks at cannot grow.
        return np.concatenate((self._folded, self._block))

    def distribution(self) -> Distribution:
        """All durations so far: exact mean and extremes, and their counts by buckets."""
        self._fold()
        return Distribution(
            count=self._count,
            mean_s=self._sum_s / self._count if self._count else 0.0,
            min_s=self._min_s if self._count else 0.0,
            max_s=self._max_s if self._count else 0.0,
            hdr=histogram.of_counts(self._counts),
        )


class Recorder:
    """The outcomes of one window's requests."""

    def __init__(self) -> None:
        self.succeeded = 0
        self.failed = 0
        self._latency: dict[Operation, DurationRecorder] = {}
        self._failures: Counter[str] = Counter()

    def success(self, operation: Operation, seconds: float) -> None:
        """Count a right answer and how many seconds it took."""
        self.succeeded += 1
        series = self._latency.get(operation)
        if series is None:
            series = self._latency[operation] = DurationRecorder()
        series.add(seconds)

    def failure(self, reason: str) -> None:
        """Count a request that failed, by its reason."""
        self.failed += 1
        self._failures[reason] += 1

    def p99_s(self) -> float | None:
        """The p99 of the latest answers: up to 8,192 of each operation, so all of a short window.

        None where they are too few. For the display: see `latest`, whose cost is bounded.
        """
        if not histogram.tellable(self.succeeded, 99):
            return None
        latest = np.concatenate([series.latest() for series in self._latency.values()])
        rank = math.ceil(0.99 * latest.size) - 1
        return float(np.partition(latest, rank)[rank])

    def failures(self) -> Mapping[str, int]:
        """How often each reason was given, the most frequent first."""
        return dict(self._failures.most_common())

    def latency(self) -> Mapping[Operation, Distribution]:
        """The seconds of the right answers, by operation."""
        return {operation: series.distribution() for operation, series in self._latency.items()}


class LatenessRecorder:
    """How late the requests of an open loop were sent."""

    def __init__(self) -> None:
        self.unsent = 0
        self.due_s: float | None = None
        """For how long requests came due, once that is known."""
        self._late = 0
        self._series = DurationRecorder()

    def sent(self, late_s: float) -> None:
        """Count a request that was sent so many seconds after it was due."""
        self._series.add(late_s)
        if late_s > LATE_S:
            self._late += 1

    def lateness(self) -> Lateness:
        """How late requests were in seconds; None for each figure where none was sent."""
        told = self._series.distribution()
        if not told.count:
            return Lateness(None, None, None, self._late, self.unsent, due_s=self.due_s)
        p50_s, p99_s = histogram.quantiles_s(told, (50, 99))
        return Lateness(p50_s, p99_s, told.max_s, self._late, self.unsent, told, self.due_s)
