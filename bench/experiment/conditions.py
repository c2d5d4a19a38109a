"""Looking at the machine before a run, and beside each of its windows."""

from collections import defaultdict
from statistics import median

from bench import host, preflight
from bench.analysis import diagnostics
from bench.errors import SetupError
from bench.host import WindowCounters
from bench.model import Conditions, Diagnostic, Placement
from bench.preflight import Check


def examine(placement: Placement) -> tuple[Check, ...]:
    """Every check of this machine: takes some two seconds."""
    return preflight.examine(host.observe(placement.app), placement)


def require_fit(checks: tuple[Check, ...]) -> None:
    """Raises SetupError when the machine is unfit."""
    bad = [f"{check.name}: {check.seen}" for check in checks if check.state == "bad"]
    if preflight.unfit(checks):
        raise SetupError(
            f"STRICT=1, and this machine is unfit for measuring: {'; '.join(bad)}",
            "See what would mend it: make doctor",
        )


class SpinProbe:
    """What the spin probe has seen in this run, CPU by CPU."""

    def __init__(self) -> None:
        self._seen: dict[int, list[float]] = defaultdict(list)

    def probe(self, cpu: int) -> float | None:
        """CPU seconds that the work takes there now. Not to be called within a window."""
        for found in host.spin((cpu,)):
            self._seen[cpu].append(found.cpu_s)
            return found.cpu_s
        return None

    def usual_s(self, cpu: int) -> float:
        """The median of what the probes took on a CPU, in CPU seconds; it must have been probed."""
        return median(self._seen[cpu])


def conditions(before_s: float | None, after_s: float | None, moved: WindowCounters) -> Conditions:
    """What the machine did in a window: `before_s` and `after_s` are the probes around it."""
    return Conditions(
        spin_before_s=before_s,
        spin_after_s=after_s,
        throttled=moved.throttled,
        throttled_s=moved.throttled_s,
        thermal_events=moved.thermal_events,
        swapped_in=moved.swapped_in,
        swapped_out=moved.swapped_out,
        sibling_busy_s=moved.sibling_busy_s,
    )


def condition_diagnostics(
    seen: Conditions, siblings: int, duration_s: float, spin_probe: SpinProbe, cpu: int
) -> tuple[Diagnostic, ...]:
    """What follows from what the machine did."""
    drift: tuple[Diagnostic, ...] = ()
    if seen.spin_before_s and seen.spin_after_s:
        drift = diagnostics.clock_drift(
            seen.spin_before_s, seen.spin_after_s, spin_probe.usual_s(cpu)
        )
    return (
        *drift,
        *diagnostics.throttling(seen.throttled, seen.throttled_s, seen.thermal_events, duration_s),
        *diagnostics.swapping(seen.swapped_in, seen.swapped_out),
        *diagnostics.smt_sibling_busy(seen.sibling_busy_s, siblings, duration_s),
    )
