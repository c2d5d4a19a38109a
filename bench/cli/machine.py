"""Verbs for the machine: what disturbs a measurement, and what can be set."""

from contextlib import suppress

from bench import host, isolation, preflight, tuning
from bench.cli.options import err, out
from bench.errors import LabError, SetupError
from bench.experiment.assembly import targets
from bench.experiment.conditions import examine
from bench.experiment.lab import apps_at_once
from bench.experiment.machine_lock import measuring_alone
from bench.model import Placement
from bench.placement import plan_placement
from bench.preflight import Check
from bench.supervise.systemd.cpuset import keep_cpuset
from bench.supervise.systemd.manager import find_manager
from bench.tuning import SettingOutcome


def doctor() -> None:
    """Show whether this machine is fit to measure on, line by line, with what would mend it."""
    _print_checks(examine(_placement()))


def tune() -> None:
    """Set what doctor names and can be set from here; untune puts it back."""
    tuning.require_root("tune")
    if host.balances_interrupts():
        err.print(
            "irqbalance runs: it moves interrupts back by itself, and goes on doing so. Stop it "
            "first: systemctl stop irqbalance    # undo, after untune: systemctl start irqbalance",
            style="yellow",
            markup=False,
        )
    with measuring_alone():
        outcomes = tuning.tune(preflight.settings(examine(_placement())))
        _keep_cpuset()
    _print_outcomes(outcomes, "Nothing here needs tuning, or can be tuned.")
    if outcomes and all(outcome.kind == "failed" for outcome in outcomes):
        raise LabError("none of the settings could be changed", "See the reasons above.")


def untune() -> None:
    """Put back every setting that tune has changed, as it was."""
    tuning.require_root("untune")
    with measuring_alone():
        outcomes = tuning.untune()
        _keep_cpuset()
    _print_outcomes(outcomes, "Nothing to put back since the last restart.")
    if any(outcome.kind == "failed" for outcome in outcomes):
        raise LabError("not everything could be put back", "See the reasons above.")


def isolate() -> None:
    """As root: move everything else on this machine off the lab's cores, until unisolate."""
    tuning.require_root("isolate")
    tree = isolation.require_system_manager("isolate")
    placement = _placement()
    with measuring_alone():
        outcomes = isolation.isolate(placement, tree)
    _print_outcomes(outcomes, "There is nothing to move.")
    for name, cpus in isolation.not_moved(placement, tree).items():
        err.print(
            f"not moved: the cgroup {name} may still run on {preflight.named(cpus)}. systemd did "
            "not make it: only its own tool can confine it (docker update --cpuset-cpus=...).",
            style="yellow",
            markup=False,
        )
    if any(outcome.kind == "failed" for outcome in outcomes):
        raise LabError("not everything could be moved", "See the reasons above; make unisolate.")


def unisolate() -> None:
    """As root: give everything the CPUs back that isolate has taken."""
    tuning.require_root("unisolate")
    tree = isolation.require_system_manager("unisolate")
    with measuring_alone():
        outcomes = isolation.unisolate(tree)
    _print_outcomes(outcomes, "Nothing to put back since the last restart.")
    if any(outcome.kind == "failed" for outcome in outcomes):
        raise LabError("not everything could be put back", "See the reasons above.")


def _keep_cpuset() -> None:
    """Siblings that have gone offline, or come back: services may run meanwhile, or end."""
    with suppress(SetupError):  # no systemd that could confine anything
        keep_cpuset(find_manager())


def _placement() -> Placement:
    return plan_placement(host.topology(), apps_at_once(targets()))


def _print_checks(checks: tuple[Check, ...]) -> None:
    for line in preflight.render(checks):
        out.print(line.text, style=line.style, markup=False, soft_wrap=True)


def _print_outcomes(outcomes: tuple[SettingOutcome, ...], nothing: str) -> None:
    for outcome in outcomes:
        style = "yellow" if outcome.kind in ("failed", "gone") else ""
        out.print(f"{outcome.kind}: {outcome.name} {outcome.message}", style=style, markup=False)
    if not outcomes:
        out.print(nothing)
