"""What used up the CPUs in a window, and who else was there."""

from collections.abc import Mapping

from bench.analysis.diagnostics.arrivals import keeps_up
from bench.model import CpuTimes, Diagnostic, LoadResult, Pacing, Placement, RoleCost
from bench.words import times

BUSY_SHARE = 0.90
CLIENT_BOUND_SHARE = 0.80
FOREIGN_SHARE = 0.05
STEAL_SHARE = 0.02
ROUNDING_SHARE = 0.05
ROUNDING_S = 0.25
"""The clocks of a window and of its CPUs are read one after the other, by a lab that is held up now
and then, and some count ticks of 10 ms.
"""


def limited_by(
    load: LoadResult,
    app: RoleCost,
    database: RoleCost,
    generator: RoleCost,
    app_cpus: CpuTimes,
    placement: Placement,
    pacing: Pacing,
) -> str:
    """Which resource was used up, or who used it up: "app core", "database", "generator", "other
    processes", "hypervisor" or "waiting".

    A role is the limit when its CPUs were busy for 90 % of the window; of roles that share CPUs,
    the one that used more of them. Where none is, those are who had the rest of a used up app's
    core, unless the load was given and was kept all the same.
    """
    shares = {
        "app core": app.cpu_s / load.duration_s / len(placement.app),
        "database": database.cpu_s / load.duration_s / len(placement.database),
        "generator": generator.cpu_s / load.duration_s / len(placement.generator),
    }
    if shares["app core"] >= BUSY_SHARE:
        return "app core"
    shared = placement.database == placement.generator
    others = {name: share for name, share in shares.items() if name != "app core"}
    busiest = max(others, key=lambda name: others[name])
    in_use = sum(others.values()) if shared else others[busiest]
    if in_use >= BUSY_SHARE:
        return busiest
    return "waiting" if keeps_up(load, pacing) else _on_app_core(load, app, app_cpus, placement)


def _on_app_core(load: LoadResult, app: RoleCost, app_cpus: CpuTimes, placement: Placement) -> str:
    """Who used up the app's core together with the app; "waiting" where it was not used up.

    A share of others that is too small to be told has limited nothing: the core was the app's.
    """
    app_time = load.duration_s * len(placement.app)
    if app.cpu_s + app_cpus.foreign_s + app_cpus.steal_s < BUSY_SHARE * app_time:
        return "waiting"
    told = {}
    if app_cpus.foreign_s > FOREIGN_SHARE * app_time:
        told["other processes"] = app_cpus.foreign_s
    if app_cpus.steal_s > STEAL_SHARE * app_time:
        told["hypervisor"] = app_cpus.steal_s
    return max(told, key=lambda name: told[name], default="app core")


def requests_failed(load: LoadResult) -> tuple[Diagnostic, ...]:
    """A window with any failure is invalid, however many its user puts up with. What this machine
    refused to the generator is not told as the service's.
    """
    refused = refused_by_machine(load)
    failed = {name: count for name, count in load.failures.items() if name not in REFUSED}
    found = []
    if failed:
        found.append(
            Diagnostic(
                "errors",
                f"{sum(failed.values())} requests failed: {_reasons(failed)}",
                "A failing service is not fast; see its log.",
                "invalid",
            )
        )
    if refused:
        found.append(
            Diagnostic(
                "client-limit",
                f"{sum(refused.values())} requests could not be sent: {_reasons(refused)}",
                " ".join(f"{name}: {REFUSED[name]}." for name in refused),
                "invalid",
            )
        )
    return tuple(found)


def refused_by_machine(load: LoadResult) -> Mapping[str, int]:
    """How many requests this machine kept the generator from sending, by the system's reason."""
    return {name: count for name, count in load.failures.items() if name in REFUSED}


REFUSED: Mapping[str, str] = {
    "EMFILE": "the generator has as many files open as it may; raise the hard limit (ulimit -Hn)",
    "ENFILE": "the machine has as many files open as it may; raise fs.file-max",
    "EADDRNOTAVAIL": (
        "no port is left for clients; a closed connection's is free after a minute, and "
        "net.ipv4.ip_local_port_range may be wider"
    ),
    "ENOBUFS": "the kernel has no room for more connections; free memory",
    "ENOMEM": "the kernel has no room for more connections; free memory",
}
"""What the system says to a client that may not connect, whatever the server does; the remedies."""


def _reasons(failures: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {reason}" for reason, count in failures.items())


def impossible_cost(
    duration_s: float, used_s: Mapping[str, float], placement: Placement
) -> tuple[Diagnostic, ...]:
    """Whether a role is said to have used more than its CPUs have, or less than nothing: then the
    count is wrong, or it did not run there. `used_s` is by role of the placement.
    """
    found = []
    for role, cpu_s in used_s.items():
        cpus = len(getattr(placement, role))
        if not 0 <= cpu_s <= duration_s * cpus * (1 + ROUNDING_SHARE) + ROUNDING_S:
            found.append(
                Diagnostic(
                    "impossible-cpu",
                    f"the {role} is said to have used {cpu_s:.2f} s of CPU within "
                    f"{duration_s:.2f} s on {times(cpus, 'CPU')}",
                    "No figure can be made of that: a process was moved, or ended while it was "
                    "being counted. Measure again.",
                    "invalid",
                )
            )
    return tuple(found)


def window_diagnostics(
    load: LoadResult,
    generator: RoleCost,
    steal_s: float,
    foreign_s: float,
    placement: Placement,
) -> tuple[Diagnostic, ...]:
    """Failed requests, a busy generator, and who else was on the app's core."""
    found = list(requests_failed(load))
    share = generator.cpu_s / load.duration_s / len(placement.generator)
    if share > CLIENT_BOUND_SHARE:
        found.append(
            Diagnostic(
                "client-bound",
                f"the load generator used {share:.0%} of its core",
                "The figure may be the generator's: give it more CPUs or use several workers.",
            )
        )
    app_time = load.duration_s * len(placement.app)
    if foreign_s > FOREIGN_SHARE * app_time:
        found.append(
            Diagnostic(
                "foreign-cpu",
                f"other processes used {foreign_s / app_time:.0%} of the app's core",
                "Stop what else runs here, or give the lab cores of its own.",
            )
        )
    if steal_s > STEAL_SHARE * app_time:
        found.append(
            Diagnostic(
                "steal",
                f"the hypervisor took {steal_s / app_time:.0%} of the app's core",
                "Measure on a machine of your own, or at a quieter time.",
            )
        )
    return tuple(found)
