"""Counters that must not move while a window is measured. Two readings tell whether they did."""

from dataclasses import dataclass

from bench.host.cpus import cpu_totals, events_between, siblings, smt_groups, thermal_events
from bench.host.memory import swapped_pages
from bench.host.quota import quota
from bench.kernel import REAL, KernelTree


@dataclass(frozen=True)
class WindowCounters:
    """Totals at one moment; differences of two belong to the time between.

    `throttled` and `throttled_s` are the app's cgroup's; `thermal_events` the app CPUs', None
    where nobody counts them;
    `sibling_busy_s` is the CPU time of their SMT siblings, of which there are `siblings`.
    """

    throttled: int
    throttled_s: float
    thermal_events: int | None
    swapped_in: int
    swapped_out: int
    sibling_busy_s: float
    siblings: int

    def since(self, earlier: "WindowCounters") -> "WindowCounters":
        """What has happened since an earlier reading, counter by counter."""
        return WindowCounters(
            throttled=self.throttled - earlier.throttled,
            throttled_s=self.throttled_s - earlier.throttled_s,
            thermal_events=events_between(earlier.thermal_events, self.thermal_events),
            swapped_in=self.swapped_in - earlier.swapped_in,
            swapped_out=self.swapped_out - earlier.swapped_out,
            sibling_busy_s=self.sibling_busy_s - earlier.sibling_busy_s,
            siblings=self.siblings,
        )


def window_counters(
    app_cpus: tuple[int, ...], app_pid: int | None = None, tree: KernelTree = REAL
) -> WindowCounters:
    """Read them all: some dozen small files."""
    used = quota("self" if app_pid is None else str(app_pid), tree)
    swapped_in, swapped_out = swapped_pages(tree)
    others = siblings(app_cpus, smt_groups(tree))
    return WindowCounters(
        throttled=used.throttled,
        throttled_s=used.throttled_s,
        thermal_events=thermal_events(app_cpus, tree),
        swapped_in=swapped_in,
        swapped_out=swapped_out,
        sibling_busy_s=cpu_totals(others, tree).busy_s,
        siblings=len(others),
    )
