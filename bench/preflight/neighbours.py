"""Who else uses the CPUs?"""

from bench.host import MachineFacts, Setting
from bench.host.cpus import siblings
from bench.host.neighbours import Interrupt, affinity_file
from bench.model import Placement
from bench.placement import format_cpulist
from bench.preflight.check import NO_REMEDY, Check, CheckState, app_cpus, tune_command

APP_BUSY = (0.05, 0.30)
STEAL = (0.02, 0.10)
"""Shares of an app CPU from which on it is doubted, and from which on it is bad."""

PROCESS_SHARE = 0.05
"""Of one CPU: less than this is what every machine does now and then."""

_NOT_SHOWN = "this system numbers the CPUs in /proc/stat otherwise, as containers may"

_STOP_BALANCING = "irqbalance moves them by itself: systemctl stop irqbalance. "

MOST_SHOWN = 3
WAITING_SHARE = 0.10
INTERRUPTS_PER_S = 1_000
"""Each takes some microseconds: a thousand are up to one percent of the core."""


def _graded(share: float, limits: tuple[float, float]) -> CheckState:
    doubt, bad = limits
    return "bad" if share > bad else "doubt" if share > doubt else "ok"


def app_core(facts: MachineFacts, where: Placement) -> Check:
    """The app's core has to be idle before the app runs."""
    busy = {cpu: facts.activity.cpus[cpu].busy for cpu in where.app if cpu in facts.activity.cpus}
    if not busy:
        return Check("app core", "note", f"{app_cpus(where.app)} not shown", _NOT_SHOWN, NO_REMEDY)
    worst = max(busy, key=lambda cpu: busy[cpu])
    state = _graded(busy[worst], APP_BUSY)
    seen = f"{app_cpus(where.app)} idle, at most {busy[worst]:.0%} busy"
    if state == "ok":
        return Check("app core", state, seen)
    return Check(
        "app core",
        state,
        f"CPU {worst} is {busy[worst]:.0%} busy before anything is measured",
        "the app would get what is left",
        f"See who it is: ps -eLo psr,pcpu,pid,comm | awk '$1 == {worst}' | sort -nk2",
    )


def steal(facts: MachineFacts, where: Placement) -> Check:
    """Steal is time in which the hypervisor ran somebody else on our CPU."""
    stolen = {
        cpu: facts.activity.cpus[cpu].steal for cpu in where.app if cpu in facts.activity.cpus
    }
    if not stolen:
        return Check("steal", "note", f"{app_cpus(where.app)} not shown", _NOT_SHOWN, NO_REMEDY)
    share = max(stolen.values())
    state = _graded(share, STEAL)
    seen = f"{share:.1%} of {app_cpus(where.app)}"
    if state == "ok":
        return Check("steal", state, seen)
    return Check(
        "steal",
        state,
        seen,
        "the hypervisor runs somebody else on this core",
        f"{NO_REMEDY} from inside. Measure at a quieter time, or on dedicated CPUs.",
    )


def processes(facts: MachineFacts, where: Placement) -> Check:
    """Others on the other CPUs disturb too: they share caches, memory and the power budget."""
    del where  # a process without affinity may go anywhere
    busy = [process for process in facts.activity.processes if process.share >= PROCESS_SHARE]
    if not busy:
        return Check("other processes", "ok", f"none above {PROCESS_SHARE:.0%} of a CPU")
    shown = ", ".join(
        f"{process.name} ({process.pid}) {process.share:.0%} on CPU {process.cpu}"
        for process in busy[:MOST_SHOWN]
    )
    more = f", and {len(busy) - MOST_SHOWN} more" if len(busy) > MOST_SHOWN else ""
    pids = ",".join(str(process.pid) for process in busy)
    return Check(
        "other processes",
        "doubt",
        shown + more,
        "they share caches, memory and the power budget",
        f"Look, and stop what is not needed: ps -o pid,user,etime,args -p {pids}",
    )


def load(facts: MachineFacts, where: Placement) -> Check:
    """The load average looks back a minute, the pressure ten seconds."""
    del where  # both are the whole machine's
    cpus = len(facts.activity.cpus) or 1
    waiting = {kind: share for kind, share in facts.pressure.items() if share > WAITING_SHARE}
    told = ", ".join(f"{kind} {share:.0%}" for kind, share in facts.pressure.items())
    seen = f"load {facts.load_average:.2f} on {cpus} CPUs"
    seen += f"; of the last 10 s something waited for {told}" if told else ""
    if facts.load_average <= cpus / 2 and not waiting:
        return Check("load", "ok", seen)
    return Check(
        "load",
        "doubt" if waiting else "note",
        seen,
        "the machine is, or was just now, at work",
        "Wait a minute and look again: make doctor",
    )


def interrupts(facts: MachineFacts, where: Placement) -> Check:
    """A device interrupt on the app's core takes its time and its cache."""
    landing = [
        interrupt for interrupt in facts.activity.interrupts if _lands_on(interrupt, where.app)
    ]
    per_s = sum(interrupt.on(where.app) for interrupt in landing) / facts.activity.seconds
    if not landing:
        return Check("interrupts", "ok", f"none go to {app_cpus(where.app)}")
    most = sorted(landing, key=lambda interrupt: -interrupt.on(where.app))[:MOST_SHOWN]
    devices = ", ".join(f"{interrupt.number} {interrupt.device}".strip() for interrupt in most)
    return Check(
        "interrupts",
        "doubt" if per_s > INTERRUPTS_PER_S else "note",
        f"{len(landing)} can come to {app_cpus(where.app)}, {per_s:.0f}/s did ({devices})",
        "they interrupt the app",
        f"{_STOP_BALANCING if facts.irqbalance else ''}Move those that can be moved: "
        + tune_command(facts),
        tuple(_moved_away(each, facts, where) for each in landing if each.movable),
    )


def _lands_on(interrupt: Interrupt, cpus: tuple[int, ...]) -> bool:
    # Where it goes is told late: one that was moved is still said to come until it has come again.
    may = set(interrupt.effective or interrupt.allowed) & set(interrupt.allowed)
    return bool(may & set(cpus))


def _moved_away(interrupt: Interrupt, facts: MachineFacts, where: Placement) -> Setting:
    # A sibling shares the app's core, and may be about to go offline.
    elsewhere = set(interrupt.allowed) - {*where.app, *siblings(where.app, facts.smt_groups)}
    wanted = format_cpulist(elsewhere or where.housekeeping)
    return Setting(affinity_file(interrupt.number), wanted)
