"""What lies between the app and the hardware."""

import os

from bench.host import MachineFacts, Setting
from bench.model import Placement
from bench.preflight.check import NO_REMEDY, Check, tune_command

_WATCHDOG = "/proc/sys/kernel/nmi_watchdog"
_CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
FAST_CLOCKS = ("tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page", "timebase")
"""Read without entering the kernel; all others cost a system call or a slow device."""


def virtualisation(facts: MachineFacts, where: Placement) -> Check:
    """A virtual core is a promise of somebody else's scheduler."""
    del where
    if facts.virtualisation == "none seen":
        return Check("virtualisation", "ok", "none seen")
    return Check(
        "virtualisation",
        "doubt",
        facts.virtualisation,
        "the host's clock, siblings and neighbours are not visible from inside",
        f"{NO_REMEDY} from inside. Use bare metal, or dedicated CPUs, for figures to publish.",
    )


def python_build(facts: MachineFacts, where: Placement) -> Check:
    """An unoptimised build is slower, and not by the same factor for every framework."""
    del where
    if not facts.python_build:
        return Check("Python build", "ok", "does not tell how it was optimised")
    wanted = {"PGO": "--enable-optimizations", "LTO": "--with-lto"}
    missing = [name for name, flag in wanted.items() if flag not in facts.python_build]
    if not missing:
        return Check("Python build", "ok", "with PGO and LTO")
    return Check(
        "Python build",
        "doubt" if "PGO" in missing else "note",
        f"without {' and '.join(missing)}",
        "slower than the Python that people run",
        _other_python(facts, [wanted[name] for name in missing]),
    )


def _other_python(facts: MachineFacts, flags: list[str]) -> str:
    """How to get a faster build from where one is."""
    if facts.python_executable.startswith("/nix/store/"):
        return "`nix develop .#optimised` compiles one, once: docs/nixos.md. Then: make doctor"
    return (
        f"Build it with {' '.join(flags)}, or use one that is: `uv python install 3.13`. "
        "Then: rm -r .venv && make doctor"
    )


def clocksource(facts: MachineFacts, where: Placement) -> Check:
    """Every request reads the clock several times, in the app and in the generator."""
    del where
    seen, name = facts.clocksource, "clock source"
    if seen in FAST_CLOCKS or not seen:
        return Check(name, "ok", seen or "not shown")
    able = [clock for clock in facts.clocksources if clock in FAST_CLOCKS]
    return Check(
        name,
        "doubt",
        seen,
        "reading the time is slow",
        f"echo {able[0]} | sudo tee {_CLOCKSOURCE}"
        if able
        else f"{NO_REMEDY}: this kernel offers only {' '.join(facts.clocksources) or seen}.",
    )


def nmi_watchdog(facts: MachineFacts, where: Placement) -> Check:
    """The watchdog interrupts every core and holds one of its performance counters."""
    del where
    name = "NMI watchdog"
    if facts.nmi_watchdog != "1":
        return Check(name, "ok", "off")
    return Check(
        name,
        "note",
        "on",
        "it interrupts every core",
        tune_command(facts),
        (Setting(_WATCHDOG, "0"),),
    )


def address_randomisation(facts: MachineFacts, where: Placement) -> Check:
    """With it every start has another memory layout, so that luck averages out over starts."""
    del where
    name = "memory layout"
    if facts.fixed_layout:
        return Check(
            name,
            "note",
            "the same at every start, for what is started from here",
            "a lucky or unlucky layout stays for the whole run",
            "Call the lab without setarch -R, and not from a debugger",
        )
    if facts.address_randomisation in ("2", ""):
        return Check(name, "ok", "random at every start")
    return Check(
        name,
        "note",
        "the same at every start",
        "a lucky or unlucky layout stays for the whole run",
        "sudo sysctl kernel.randomize_va_space=2",
    )


_SCHEDULERS = {
    os.SCHED_OTHER: "SCHED_OTHER",
    os.SCHED_BATCH: "SCHED_BATCH",
    os.SCHED_IDLE: "SCHED_IDLE",
    os.SCHED_FIFO: "SCHED_FIFO",
    os.SCHED_RR: "SCHED_RR",
}


def priority(facts: MachineFacts, where: Placement) -> Check:
    """What is started from here inherits it: not units of systemd, but the generator always."""
    del where
    name, nice = "priority", facts.niceness
    if nice == 0 and facts.scheduler == os.SCHED_OTHER:
        return Check(name, "ok", "the usual one")
    behind = nice > 0 or facts.scheduler in (os.SCHED_BATCH, os.SCHED_IDLE)
    scheduler = _SCHEDULERS.get(facts.scheduler, f"scheduler {facts.scheduler}")
    return Check(
        name,
        "doubt" if behind else "note",
        f"nice {nice}, {scheduler}",
        "whatever else runs here goes before it" if behind else "it goes before whatever else runs",
        "Call the lab without nice, chrt and the like",
    )
