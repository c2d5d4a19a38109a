"""What to type to finish a run, or to make it again."""

import shlex
from collections.abc import Iterator, Mapping

from bench.model import Plan, RunRecord, Site


def bind_variable(record: RunRecord) -> tuple[str, ...]:
    """BIND= as the command had it; empty where the services listened on loopback."""
    host = record.provenance.get("bind", Site.host)
    return () if host == Site.host else (f"BIND={host}",)


def offset_variable(record: RunRecord) -> tuple[str, ...]:
    """PORT_OFFSET= as the command had it: the run goes on with that lab's databases and ports."""
    offset = record.provenance.get("port_offset", 0)
    return (f"PORT_OFFSET={offset}",) if offset else ()


def resume_command(record: RunRecord) -> str:
    """What finishes an interrupted run, or makes it again where it cannot be resumed."""
    if not record.plan.is_resumable:
        return tuple(commands(record))[-1]
    where = (*bind_variable(record), *offset_variable(record))
    return " ".join(("make bench", f"RESUME={record.run_id}", *where))


def without_report(run_id: str) -> str:
    """What is said of a run that has been measured when its report could not be finished."""
    return (
        f"Run {run_id} is measured and stored; its report is not finished. Write it: "
        f"make report RUN={run_id}"
    )


def commands(record: RunRecord) -> Iterator[str]:
    """Lines for a shell, from a checkout on."""
    source = record.provenance.get("source")
    commit = source.get("git_commit") if isinstance(source, Mapping) else None
    if commit and commit != "unknown":
        yield f"git checkout {commit}"
    dirty = source.get("git_dirty") if isinstance(source, Mapping) else None
    if dirty:
        yield "# the tree had uncommitted changes: the commit alone is not what ran"
    elif dirty is None:
        yield "# whether the tree had uncommitted changes is not known"
    chosen = (*_variables(record.plan), *bind_variable(record))
    verb = record.plan.design.verb or record.plan.pacing.verb
    yield " ".join(["make", verb, *map(shlex.quote, chosen)])


def _variables(plan: Plan) -> Iterator[str]:
    """What the study and the pacing name of what is known, in their order."""
    known = {**_settings(plan), **plan.pacing.settings, **plan.design.settings}
    of_pacing = plan.pacing.variables if plan.design.shares_pacing else ()
    for name in dict.fromkeys(("FRAMEWORK", *plan.design.variables, *of_pacing)):
        if name in known:
            yield f"{name}={known[name]}"


def _settings(plan: Plan) -> dict[str, str]:
    """The plan's own variables, as far as they were chosen."""
    found = {
        "FRAMEWORK": ",".join(plan.targets),
        "WORKLOAD": ",".join(plan.workloads),
        "PROFILE": plan.profile,
        "SEED": str(plan.seed),
        "RUN_TIME": f"{plan.window_s:g}",
    }
    if plan.target_host:
        found["TARGET_HOST"] = plan.target_host
    # Rounds that the run added itself are its own to add again.
    if plan.half_width is None and not plan.rounds_limit:
        found["ROUNDS"] = str(plan.rounds)
    if "crud" in plan.workloads:
        found["REQUESTS"] = str(plan.requests)
    return found
