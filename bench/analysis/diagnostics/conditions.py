"""What happened to the machine around and inside a window: each a tuple, mostly empty.

Counts are differences between the window's two edges.
"""

from collections.abc import Mapping, Sequence

from bench.model import Diagnostic, Placement
from bench.placement import format_cpulist

CLOCK_DRIFT_SHARE = 0.10
"""Two spins of a quiet machine differ by less than 2 %; a factor of two has been seen."""

SIBLING_BUSY_SHARE = 0.05

_RATHER_PAIRS = "Believe the comparison within rounds rather than this figure; see make doctor."


def clock_drift(before_s: float, after_s: float, usual_s: float) -> tuple[Diagnostic, ...]:
    """Whether the app's CPU changed its speed, from the CPU time of the same work.

    `usual_s` is the run's median. A change between `before_s` and `after_s` happened within the
    window; a pair that agrees and is off the median means that the whole window was slow or fast.
    Raises ValueError unless all three are positive.
    """
    if not min(before_s, after_s, usual_s) > 0:
        raise ValueError(f"times must be positive, not {before_s}, {after_s}, {usual_s}")
    found = []
    change = after_s / before_s - 1
    if max(after_s / before_s, before_s / after_s) - 1 > CLOCK_DRIFT_SHARE:
        found.append(
            Diagnostic(
                "clock-drift",
                f"the same work took {abs(change):.0%} {_longer(change)} after the window than "
                "before it",
                f"The CPU's speed changed meanwhile. {_RATHER_PAIRS}",
            )
        )
    off = (before_s + after_s) / 2 / usual_s - 1
    if not found and abs(off) > CLOCK_DRIFT_SHARE:
        found.append(
            Diagnostic(
                "clock-off",
                f"the same work took {abs(off):.0%} {_longer(off)} beside this window than is "
                "usual in this run",
                f"The CPU ran at another speed. {_RATHER_PAIRS}",
            )
        )
    return tuple(found)


def _longer(change: float) -> str:
    return "longer" if change > 0 else "less"


def throttling(
    quota_times: int, quota_s: float, thermal_events: int | None, duration_s: float
) -> tuple[Diagnostic, ...]:
    """Whether the app was stopped by its CPU quota, or its CPUs slowed for heat.

    A quota that stopped it for more than 1 % of the window makes the figure the quota's.
    """
    found = []
    if quota_times:
        found.append(
            Diagnostic(
                "cpu-quota",
                f"a CPU quota stopped the app {quota_times} times, {quota_s * 1000:.0f} ms in all",
                "Give the container or unit whole CPUs and no quota; see make doctor.",
                "invalid" if quota_s > 0.01 * duration_s else "doubt",
            )
        )
    if thermal_events:
        found.append(
            Diagnostic(
                "thermal",
                f"the app's CPUs were slowed for heat {thermal_events} times",
                "Let the machine cool, improve its airflow, or turn turbo off: make tune.",
            )
        )
    return tuple(found)


def off_placement(
    allowed: Mapping[str, Sequence[tuple[int, ...]]], placement: Placement
) -> tuple[Diagnostic, ...]:
    """Whether something did not run where it was placed: it was moved or confined meanwhile, or has
    moved itself.

    `allowed` are, by role (`app`, `database` or `generator`), the CPUs that it might use each time
    when that was looked at; none where it was not known.
    """
    found = []
    for role, looks in allowed.items():
        placed = tuple(sorted(getattr(placement, role)))
        others = [cpus for cpus in looks if cpus and cpus != placed]
        if others:
            found.append(
                Diagnostic(
                    "off-placement",
                    f"the {role} might use CPU {format_cpulist(others[0])}, and was placed on "
                    f"CPU {format_cpulist(placed)}",
                    "Something has confined or moved it: make isolate, a slice "
                    "(systemctl show -p EffectiveCPUs), a CPU that went offline, taskset. Undo "
                    "that and measure again.",
                    "invalid",
                )
            )
    return tuple(found)


def restarted(names: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Whether units had ended between two cells, while they were frozen or idle, and came again."""
    if not names:
        return ()
    return (
        Diagnostic(
            "restarted",
            f"{' and '.join(names)} had ended since the cell before, and started again for this",
            "It is a fresh process now, with other memory and cold caches: see make logs for why.",
        ),
    )


def overridden(files: Mapping[str, Sequence[str]]) -> tuple[Diagnostic, ...]:
    """Whether files of others change units of the lab: `files` by unit."""
    units: dict[str, list[str]] = {}
    for unit, names in files.items():
        for name in names:
            units.setdefault(name, []).append(unit)
    return tuple(
        Diagnostic(
            "unit-overridden",
            f"{name} has a say in {', '.join(changed)}",
            f"See what it sets, and take it out if it is not meant for a measurement: cat {name}",
            "note",
        )
        for name, changed in units.items()
    )


def swapping(pages_in: int, pages_out: int) -> tuple[Diagnostic, ...]:
    """Whether memory went to or came from the disk, anywhere on the machine."""
    if not (pages_in or pages_out):
        return ()
    return (
        Diagnostic(
            "swap",
            f"{pages_in} pages were swapped in and {pages_out} out",
            "Free memory, then: sudo swapoff -a && sudo swapon -a",
        ),
    )


def smt_sibling_busy(busy_s: float, siblings: int, duration_s: float) -> tuple[Diagnostic, ...]:
    """Whether the other threads of the app's core were used: they share its execution units."""
    share = busy_s / duration_s
    if not siblings or share <= SIBLING_BUSY_SHARE:
        return ()
    return (
        Diagnostic(
            "smt-sibling",
            f"the app core's SMT sibling was {share:.0%} busy",
            "Keep it idle: stop what runs there, or "
            "echo off | sudo tee /sys/devices/system/cpu/smt/control",
        ),
    )
