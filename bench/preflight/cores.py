"""Does the app have a core to itself?"""

from bench.host import MachineFacts, Setting
from bench.host.cpus import SMT_SWITCH, siblings
from bench.model import Placement
from bench.placement import format_cpulist
from bench.preflight.check import NO_REMEDY, Check, app_cpus, isolate_command, named, tune_command

SIBLING_BUSY_SHARE = 0.05


def placement(facts: MachineFacts, where: Placement) -> Check:
    """One physical core for the app alone is what every figure claims."""
    name, why = "cores", "figures are per dedicated core"
    others = {*where.database, *where.generator, *where.housekeeping}
    app_threads = {*where.app, *siblings(where.app, facts.smt_groups)}
    if app_threads & others:
        return Check(
            name,
            "bad",
            f"app, database and generator share one physical core ({named(app_threads | others)})",
            why,
            f"{NO_REMEDY}. Use a machine with two physical cores or more.",
            forbids=True,
        )
    if where.notes:
        return Check(
            name,
            "note",
            f"{app_cpus(where.app)} alone, but: {' '.join(where.notes)}".removesuffix("."),
            "the database or the generator may be what limits",
            f"{NO_REMEDY}. With four physical cores every role has its own.",
        )
    return Check(name, "ok", f"{app_cpus(where.app)} alone; every other role has its own")


def confinement(facts: MachineFacts, where: Placement) -> Check:
    """With fewer CPUs than the machine has, roles share cores that they need not share."""
    del where
    name, seen = "CPUs", facts.confinement
    if seen is None:
        return Check(name, "ok", "every online CPU may be used")
    told = f"{named(seen.usable)} of {format_cpulist(seen.online)} may be used"
    if not seen.cgroup:
        return Check(name, "ok", f"{told}, as the affinity says that the lab was started with")
    return Check(
        name,
        "note",
        f"{told}: the cgroup {seen.cgroup} is confined to them",
        "roles may have to share cores",
        "`make isolate` by root confines every user's session: then measure as root, or "
        "`make unisolate`. Elsewhere, whoever made that cgroup can give it more "
        "(AllowedCPUs=, --cpuset-cpus=)",
    )


def quota(facts: MachineFacts, where: Placement) -> Check:
    """A quota stops every process of the group for the rest of a period once it is used up."""
    name, why = "CPU quota", "all processes are stopped once it is used up"
    seen = facts.quota
    remedy = (
        "Give the container or unit whole CPUs instead, e.g. `docker run --cpuset-cpus=0-3` "
        "without --cpus, or CPUQuota= left empty with AllowedCPUs=."
    )
    wanted = len({*where.app, *where.database, *where.generator, *where.housekeeping})
    if seen.cpus is None:
        return Check(name, "ok", "none")
    limit = f"{seen.cpus:g} CPUs for the {wanted} that the lab uses"
    if facts.activity.throttled:
        return Check(
            name, "bad", f"{limit}; throttled {facts.activity.throttled} times", why, remedy
        )
    return Check(name, "bad" if seen.cpus < wanted else "note", limit, why, remedy)


def smt(facts: MachineFacts, where: Placement) -> Check:
    """Two threads of one core share its execution units: a busy sibling takes up to half."""
    name = "SMT"
    others = siblings(where.app, facts.smt_groups)
    if not others:
        return Check(name, "ok", "the app's cores have one thread each")
    busy = {cpu: facts.activity.cpus[cpu].busy for cpu in others if cpu in facts.activity.cpus}
    worst = max(busy, key=lambda cpu: busy[cpu], default=None)
    if worst is None or busy[worst] <= SIBLING_BUSY_SHARE:
        return Check(name, "ok", f"siblings of {app_cpus(where.app)} idle ({named(others)})")
    return Check(
        name,
        "doubt",
        f"CPU {worst}, a sibling of {app_cpus(where.app)}, is {busy[worst]:.0%} busy",
        "a busy sibling takes up to half of the core",
        f"See who it is: ps -eLo psr,pcpu,pid,comm | awk '$1 == {worst}' | sort -nk2. "
        + (f"To go without siblings: {tune_command(facts)}" if facts.smt == "on" else ""),
        (Setting(SMT_SWITCH, "off"),) if facts.smt == "on" else (),
    )


def isolation(facts: MachineFacts, where: Placement) -> Check:
    """Isolated CPUs get no other process. A refinement, not a need."""
    name = "isolation"
    app = set(where.app)
    if app <= set(facts.isolated):
        return Check(name, "ok", f"{app_cpus(where.app)} isolated")
    boot = f"boot with isolcpus=domain,managed_irq,{format_cpulist(where.app)}"
    if facts.others is None:
        remedy = boot.capitalize()
    else:
        yours = "" if facts.is_root else ", and measure as root: it confines every user's session"
        remedy = f"{isolate_command(facts)}{yours}. For the kernel's own work as well, {boot}"
    return Check(
        name,
        "note",
        f"{app_cpus(where.app)} not isolated{_who_may_come(facts, app)}",
        "the kernel may put other work there",
        remedy,
    )


def tick(facts: MachineFacts, where: Placement) -> Check:
    """The clocks of turns are read while the app runs, and a tick is what keeps them up to date."""
    silent = tuple(sorted(set(where.app) & set(facts.nohz_full)))
    if not silent:
        return Check("tick", "ok", f"{app_cpus(where.app)} has the scheduler's tick")
    return Check(
        "tick",
        "doubt",
        f"{app_cpus(silent)} without the scheduler's tick",
        "the CPU time of a task that never waits is known once a second, and turns are shorter",
        f"Boot without nohz_full={format_cpulist(silent)}, or believe requests/s only",
    )


def _who_may_come(facts: MachineFacts, app: set[int]) -> str:
    names = sorted(name for name, cpus in (facts.others or {}).items() if app & set(cpus))
    return f" ({', '.join(names)} may run there)" if names else ""
