"""The registry of metrics: name, unit, which way is better, how it is reduced and formatted.

A metric has a value per measured window (one round of one cell). Over the rounds it is reduced to
a mean with its interval, or, where averaging would be wrong (percentiles, counts), pooled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench import histogram
from bench.model import CpuTimes, Estimate, Lateness, Memory, PhaseResult, RoleCost
from bench.stats.estimate import is_bounded, mean_estimate
from bench.words import NO_FIGURE

Better = Literal["higher", "lower", "neither"]
_Pooled = Callable[[Sequence[PhaseResult]], float | None]


@dataclass(frozen=True)
class Metric:
    """One figure of a window. `per_window` gives None where the window has no such figure.

    `pooled` replaces the mean over rounds where there is one. A metric that `counts` tells what
    happened in all rounds, also in those whose speed must not be used.
    """

    name: str
    title: str
    unit: str
    better: Better
    per_window: Callable[[PhaseResult], float | None]
    decimals: int = 0
    pooled: Callable[[Sequence[PhaseResult]], float | None] | None = None
    counts: bool = False

    def estimate(self, windows: Sequence[PhaseResult]) -> Estimate | None:
        """The mean over rounds with its interval; None when no round has the figure."""
        values = [value for value in map(self.per_window, windows) if value is not None]
        return mean_estimate(values) if values else None

    def value(self, windows: Sequence[PhaseResult]) -> float | None:
        """The figure of all windows together, in `unit`; None where there is none."""
        if self.pooled is not None:
            return self.pooled(windows)
        found = self.estimate(windows)
        return found.point if found else None

    def format(self, value: float | None) -> str:
        """The figure without its unit, or a dash where there is none."""
        return NO_FIGURE if value is None else f"{value:,.{self.decimals}f}"

    def format_interval(self, estimate: Estimate | None) -> str:
        """E.g. "1,204 ±31"; the plain point when one round gives no interval."""
        if estimate is None:
            return NO_FIGURE
        if not is_bounded(estimate):
            return self.format(estimate.point)
        half = (estimate.high - estimate.low) / 2
        return f"{self.format(estimate.point)} ±{self.format(half)}"


def _percentile_ms(percentile: float) -> Callable[[Sequence[PhaseResult]], float | None]:
    def pooled(windows: Sequence[PhaseResult]) -> float | None:
        parts = [part for window in windows for part in window.load.latency.values()]
        merged = histogram.merge(parts)
        found = histogram.percentiles(merged, (percentile,))[percentile]
        return None if found is None else found * 1e3

    return pooled


def _latency(percentile: float, name: str) -> Metric:
    pooled = _percentile_ms(percentile)
    return Metric(
        name=name,
        title=name,
        unit="ms",
        better="lower",
        per_window=lambda window: pooled((window,)),
        decimals=1,
        pooled=pooled,
    )


_Role = Callable[[PhaseResult], RoleCost | None]


def _cpu_share(role: _Role) -> Callable[[PhaseResult], float | None]:
    def in_window(window: PhaseResult) -> float | None:
        cost = role(window)
        return None if cost is None else 100 * cost.cpu_s / window.load.duration_s

    return in_window


def _cpu_us(role: _Role) -> Callable[[PhaseResult], float | None]:
    def per_request(window: PhaseResult) -> float | None:
        done, cost = window.load.requests_served + window.load.failed, role(window)
        return 1e6 * cost.cpu_s / done if done and cost is not None else None

    return per_request


def _megabytes(role: _Role, size: Callable[[Memory], int]) -> Callable[[PhaseResult], float | None]:
    def in_window(window: PhaseResult) -> float | None:
        cost = role(window)
        return size(cost.memory) / 1e6 if cost is not None and cost.memory is not None else None

    return in_window


def _most_megabytes(role: _Role) -> Callable[[PhaseResult], float | None]:
    def in_window(window: PhaseResult) -> float | None:
        cost = role(window)
        most_bytes = None if cost is None else cost.most_bytes
        return None if most_bytes is None else most_bytes / 1e6

    return in_window


def _greatest(
    per_window: Callable[[PhaseResult], float | None],
) -> Callable[[Sequence[PhaseResult]], float | None]:
    """A peak of several windows is the highest of theirs."""
    return lambda windows: max(
        (value for value in map(per_window, windows) if value is not None), default=None
    )


def _per_request(
    count: Callable[[PhaseResult], float | None],
) -> Callable[[PhaseResult], float | None]:
    def in_window(window: PhaseResult) -> float | None:
        done, counted = window.load.requests, count(window)
        return counted / done if done and counted is not None else None

    return in_window


def _switches(role: _Role) -> Callable[[PhaseResult], float | None]:
    def counted(window: PhaseResult) -> float | None:
        cost = role(window)
        return None if cost is None else cost.voluntary_switches + cost.involuntary_switches

    return _per_request(counted)


def _of_the_app_cpus(seconds: Callable[[CpuTimes], float]) -> Callable[[PhaseResult], float | None]:
    def share(window: PhaseResult) -> float | None:
        times = window.app_cpus
        return None if times is None else 100 * seconds(times) / window.load.duration_s

    return share


def _lateness(window: PhaseResult) -> Lateness | None:
    return window.load.lateness


def _late_ms(percentile: float, stored: Callable[[Lateness], float | None]) -> _Pooled:
    """How late requests were sent, from all windows together.

    Where windows have kept no distribution: what they have `stored` themselves, the worst of them.
    """

    def pooled(windows: Sequence[PhaseResult]) -> float | None:
        found = [lateness for window in windows if (lateness := _lateness(window)) is not None]
        parts = [lateness.times for lateness in found if lateness.times is not None]
        if parts:
            seconds = histogram.percentiles(histogram.merge(parts), (percentile,))[percentile]
        else:
            told = (stored(lateness) for lateness in found)
            seconds = max((late_s for late_s in told if late_s is not None), default=None)
        return None if seconds is None else seconds * 1e3

    return pooled


def _latest_ms(windows: Sequence[PhaseResult]) -> float | None:
    found = (lateness.max_s for window in windows if (lateness := _lateness(window)) is not None)
    return max((late_s * 1e3 for late_s in found if late_s is not None), default=None)


def _counted(count: Callable[[Lateness], int]) -> _Pooled:
    def pooled(windows: Sequence[PhaseResult]) -> float | None:
        found = [
            count(lateness) for window in windows if (lateness := _lateness(window)) is not None
        ]
        return sum(found) if found else None

    return pooled


def _sending(name: str, title: str, unit: str, pooled: _Pooled) -> Metric:
    """A figure of an open loop's own schedule; windows without a schedule have none."""
    return Metric(
        name,
        title,
        unit,
        "lower",
        lambda window: pooled((window,)),
        decimals=2 if unit == "ms" else 0,
        pooled=pooled,
    )


def _total(count: Callable[[PhaseResult], float]) -> Callable[[Sequence[PhaseResult]], float]:
    return lambda windows: sum(count(window) for window in windows)


def _app(window: PhaseResult) -> RoleCost | None:
    return window.app


def _database(window: PhaseResult) -> RoleCost | None:
    return window.database


def _generator(window: PhaseResult) -> RoleCost | None:
    return window.generator


def _queries(window: PhaseResult) -> float | None:
    return window.queries.calls if window.queries else None


def _rows(window: PhaseResult) -> float | None:
    return window.queries.rows if window.queries else None


def _commits(window: PhaseResult) -> float | None:
    return window.queries.commits if window.queries else None


_ALL = (
    Metric(
        "rate",
        "requests/s",
        "requests/s",
        "higher",
        lambda window: window.load.rate_per_s,
    ),
    _latency(50, "p50"),
    _latency(95, "p95"),
    _latency(99, "p99"),
    _latency(99.9, "p99.9"),
    _latency(99.99, "p99.99"),
    Metric(
        "duration",
        "duration",
        "s",
        "neither",
        lambda window: window.load.duration_s,
        decimals=2,
        counts=True,
        pooled=_total(lambda window: window.load.duration_s),
    ),
    Metric(
        "succeeded",
        "succeeded",
        "requests",
        "neither",
        lambda window: window.load.succeeded,
        counts=True,
        pooled=_total(lambda window: window.load.succeeded),
    ),
    Metric(
        "failed",
        "failed",
        "requests",
        "lower",
        lambda window: window.load.failed,
        counts=True,
        pooled=_total(lambda window: window.load.failed),
    ),
    _sending("late_p50", "sent late, p50", "ms", _late_ms(50, lambda lateness: lateness.p50_s)),
    _sending("late_p99", "sent late, p99", "ms", _late_ms(99, lambda lateness: lateness.p99_s)),
    _sending("late_max", "sent late, max", "ms", _latest_ms),
    _sending("late", "sent late", "requests", _counted(lambda lateness: lateness.late)),
    _sending("unsent", "unsent", "requests", _counted(lambda lateness: lateness.unsent)),
    Metric("app_cpu", "app CPU", "% of a core", "neither", _cpu_share(_app)),
    Metric("database_cpu", "database CPU", "% of a core", "neither", _cpu_share(_database)),
    Metric("generator_cpu", "generator CPU", "% of a core", "neither", _cpu_share(_generator)),
    Metric("app_cost", "app CPU/request", "us", "lower", _cpu_us(_app)),
    Metric("database_cost", "database CPU/request", "us", "lower", _cpu_us(_database)),
    Metric("generator_cost", "generator CPU/request", "us", "neither", _cpu_us(_generator)),
    Metric(
        "app_memory",
        "app memory (PSS)",
        "MB",
        "lower",
        _megabytes(_app, lambda memory: memory.pss_bytes),
        decimals=1,
    ),
    Metric(
        "database_memory",
        "database memory (PSS)",
        "MB",
        "lower",
        _megabytes(_database, lambda memory: memory.pss_bytes),
        decimals=1,
    ),
    Metric(
        "app_private",
        "app memory (USS)",
        "MB",
        "lower",
        _megabytes(_app, lambda memory: memory.uss_bytes),
        decimals=1,
    ),
    Metric(
        "database_private",
        "database memory (USS)",
        "MB",
        "lower",
        _megabytes(_database, lambda memory: memory.uss_bytes),
        decimals=1,
    ),
    Metric(
        "app_peak",
        "app memory (peak)",
        "MB",
        "lower",
        _most_megabytes(_app),
        decimals=1,
        pooled=_greatest(_most_megabytes(_app)),
    ),
    Metric(
        "database_peak",
        "database memory (peak)",
        "MB",
        "lower",
        _most_megabytes(_database),
        decimals=1,
        pooled=_greatest(_most_megabytes(_database)),
    ),
    Metric(
        "app_switches",
        "app context switches/request",
        "switches",
        "lower",
        _switches(_app),
        decimals=2,
    ),
    Metric(
        "database_switches",
        "database context switches/request",
        "switches",
        "lower",
        _switches(_database),
        decimals=2,
    ),
    Metric(
        "queries",
        "queries/request",
        "statements",
        "lower",
        _per_request(_queries),
        decimals=2,
    ),
    Metric("rows", "rows/request", "rows", "neither", _per_request(_rows), decimals=2),
    Metric(
        "commits", "commits/request", "transactions", "neither", _per_request(_commits), decimals=2
    ),
    Metric(
        "request_bytes",
        "bytes/request",
        "bytes",
        "neither",
        _per_request(lambda window: window.load.bytes_sent),
    ),
    Metric(
        "response_bytes",
        "bytes/response",
        "bytes",
        "neither",
        _per_request(lambda window: window.load.bytes_received),
    ),
    Metric(
        "connections",
        "connections opened",
        "connections",
        "neither",
        lambda window: window.load.connections_opened,
        counts=True,
        pooled=_total(lambda window: window.load.connections_opened),
    ),
    Metric(
        "foreign_cpu",
        "foreign CPU",
        "% of the app's core",
        "lower",
        _of_the_app_cpus(lambda times: times.foreign_s),
        decimals=1,
    ),
    Metric(
        "steal",
        "steal",
        "% of the app's core",
        "lower",
        _of_the_app_cpus(lambda times: times.steal_s),
        decimals=1,
    ),
)

METRICS = {metric.name: metric for metric in _ALL}
