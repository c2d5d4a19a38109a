"""Does a CPU second hold the same amount of work every time?"""

from bench.host import MachineFacts, Setting
from bench.host.cpus import governor_file
from bench.model import Placement
from bench.preflight.check import NO_REMEDY, Check, app_cpus, named, tune_command

WANTED_GOVERNOR = "performance"
SPREAD = 0.10
"""Between the slowest and the fastest spin of some seconds; quiet machines stay below 2 %."""

_HOST_DECIDES = (
    f"{NO_REMEDY} from inside: whoever runs the host decides. Use bare metal, or believe rounds "
    "rather than single figures."
)


def _used(where: Placement) -> set[int]:
    return {*where.app, *where.database, *where.generator, *where.housekeeping}


def governor(facts: MachineFacts, where: Placement) -> Check:
    """Every other governor follows the load, so that a half-idle core runs slowly."""
    name, why = "governor", "other governors lower the clock of a half-idle core"
    mine = [clock for clock in facts.clocks if clock.cpu in _used(where) and clock.governor]
    if not mine:
        return Check(name, "note", "not shown to this machine", why, _HOST_DECIDES)
    wrong = [clock for clock in mine if clock.governor != WANTED_GOVERNOR]
    if not wrong:
        return Check(name, "ok", f"{WANTED_GOVERNOR} on {named(clock.cpu for clock in mine)}")
    kinds = ", ".join(sorted({clock.governor for clock in wrong}))
    able = [clock for clock in wrong if not clock.governors or WANTED_GOVERNOR in clock.governors]
    return Check(
        name,
        "doubt",
        f"{kinds} on {named(clock.cpu for clock in wrong)}",
        why,
        tune_command(facts) if able else f"{NO_REMEDY}: this kernel has no {WANTED_GOVERNOR}.",
        tuple(Setting(governor_file(clock.cpu), WANTED_GOVERNOR) for clock in able),
    )


def limits(facts: MachineFacts, where: Placement) -> Check:
    """Targets on CPUs of different speed are not compared fairly."""
    name = "clock limits"
    mine = [clock for clock in facts.clocks if clock.cpu in where.app and clock.top_khz]
    if not mine:
        return Check(name, "ok", "not shown to this machine")
    tops = sorted({(clock.top_khz or 0) for clock in mine})
    words = " and ".join(f"{khz / 1e6:.2f} GHz" for khz in tops)
    seen = f"{app_cpus(where.app)}: at most {words}"
    if len(tops) > 1:
        return Check(
            name,
            "doubt",
            seen,
            "targets do not get equal cores",
            "Measure on cores of one kind: taskset -c <their numbers> make bench",
        )
    held = [
        clock for clock in mine if clock.hardware_khz and (clock.top_khz or 0) < clock.hardware_khz
    ]
    if held:
        return Check(
            name,
            "note",
            f"{seen}, held below the hardware's {(held[0].hardware_khz or 0) / 1e6:.2f} GHz",
            "steady, but slower than the CPU can be",
            f"To release it: echo {held[0].hardware_khz} | sudo tee "
            "/sys/devices/system/cpu/cpu*/cpufreq/scaling_max_freq",
        )
    return Check(name, "ok", seen)


def turbo(facts: MachineFacts, where: Placement) -> Check:
    """Turbo lasts while the package is cool and the other cores are idle."""
    del where  # one switch for all
    name, why = "turbo", "the clock then depends on heat and on the other cores"
    if not facts.turbo:
        return Check(name, "note", "no switch is shown to this machine", why, _HOST_DECIDES)
    turned_on = [switch for switch in facts.turbo if not switch.is_off]
    if not turned_on:
        return Check(name, "ok", "off")
    return Check(
        name,
        "doubt",
        "on",
        why,
        tune_command(facts),
        tuple(Setting(switch.name, switch.off) for switch in turned_on),
    )


def heat(facts: MachineFacts, where: Placement) -> Check:
    """A CPU that gets too hot lowers its own clock."""
    del where  # a package heats as a whole
    name, why = "heat", "a hot CPU lowers its clock"
    now, ever = facts.activity.thermal_events, facts.thermal_events
    if now is None or ever is None:
        return Check(name, "ok", "no throttling is counted here")
    if now:
        return Check(
            name,
            "bad",
            f"throttled {now} times in {facts.activity.seconds:.1f} s",
            why,
            "Let it cool, improve the airflow, or turn turbo off: " + tune_command(facts),
        )
    if ever:
        return Check(
            name,
            "note",
            f"throttled {ever} times since boot, not now",
            why,
            f"Turbo off keeps it cooler: {tune_command(facts)}",
        )
    return Check(name, "ok", "not throttled since boot")


def steadiness(facts: MachineFacts, where: Placement) -> Check:
    """What the clock really did, whatever the settings say."""
    name = "clock speed"
    times = {
        cpu: sorted(spin.cpu_s for spin in facts.spins if spin.cpu == cpu) for cpu in where.app
    }
    spreads = {
        cpu: cpu_times[-1] / cpu_times[0] - 1 for cpu, cpu_times in times.items() if cpu_times
    }
    if not spreads:
        return Check(name, "ok", "not probed")
    worst = max(spreads, key=lambda cpu: spreads[cpu])
    seen = f"the same work took up to {spreads[worst]:.0%} longer at times on CPU {worst}"
    if spreads[worst] <= SPREAD:
        return Check(name, "ok", seen)
    return Check(
        name,
        "doubt",
        seen,
        "CPU per request grows with it",
        "Governor and turbo have lines of their own; a virtual machine's neighbours cannot be seen "
        "from inside. More rounds help: make bench PROFILE=publish",
    )
