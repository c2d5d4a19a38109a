"""What to type to finish a run, or to make it again."""

import shlex
from collections.abc import Iterator, Mapping

from bench.model import (
    AB,
    ClosedLoop,
    Crosscheck,
    OpenLoop,
    Plan,
    RunRecord,
    Saturation,
    Site,
    Sweep,
    Users,
)


def bind_variable(record: RunRecord) -> tuple[str, ...]:
    """BIND= as the command had it; empty where the services listened on loopback."""
    host = record.provenance.get("bind", Site.host)
    return () if host == Site.host else (f"BIND={host}",)


def resume_command(record: RunRecord) -> str:
    """What finishes an interrupted run, or makes it again where it cannot be resumed."""
    if isinstance(record.plan.study, AB):
        return tuple(commands(record))[-1]
    return " ".join(("make bench", f"RESUME={record.run_id}", *bind_variable(record)))


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
    variables = (*_variables(record.plan), *bind_variable(record))
    yield " ".join(["make", _verb(record.plan), *map(shlex.quote, variables)])


def _verb(plan: Plan) -> str:
    match plan.study:
        case AB():
            return "ab"
        case Sweep():
            return "sweep"
        case Saturation():
            return "saturate"
        case Crosscheck():
            return "crosscheck"
        case None if isinstance(plan.pacing, Users):
            return "locust-master" if plan.pacing.remote else "locust"
        case None:
            return "bench"


def _variables(plan: Plan) -> Iterator[str]:
    if isinstance(plan.study, AB):
        yield f"FRAMEWORK={','.join(dict.fromkeys(side.of for side in plan.study.sides))}"
        yield from (f"{name}={value}" for name, value in plan.study.asked.items())
        yield f"THRESHOLD={plan.study.threshold:g}"
    else:
        yield f"FRAMEWORK={','.join(plan.targets)}"
    if isinstance(plan.pacing, Users):
        yield from _of_users(plan, plan.pacing)
        return
    if isinstance(plan.study, Crosscheck) and isinstance(plan.pacing, OpenLoop):
        yield f"RATE={plan.pacing.rate_per_s:g}"
        yield from (f"PROFILE={plan.profile}", f"ROUNDS={plan.rounds}", f"SEED={plan.seed}")
        return
    yield f"WORKLOAD={','.join(plan.workloads)}"
    yield f"PROFILE={plan.profile}"
    yield f"SEED={plan.seed}"
    if isinstance(plan.study, Saturation):
        yield f"OBJECTIVE_MS={plan.study.objective_s * 1e3:g}"
        yield f"ARRIVALS={plan.study.arrivals}"
        return
    if (
        plan.half_width is None and not plan.rounds_limit
    ):  # rounds that the run added itself are its own to add again
        yield f"ROUNDS={plan.rounds}"
    if isinstance(plan.study, Sweep):
        return
    if isinstance(plan.pacing, ClosedLoop):
        yield f"CONCURRENCY={plan.pacing.concurrency}"
    else:
        yield f"RATE={plan.pacing.rate_per_s:g}"
        yield f"ARRIVALS={plan.pacing.arrivals}"
    if "crud" in plan.workloads:
        yield f"REQUESTS={plan.requests}"


def _of_users(plan: Plan, users: Users) -> Iterator[str]:
    yield f"USERS={users.users}"
    yield f"SPAWN_RATE={users.spawn_rate_per_s:g}"
    yield f"RUN_TIME={plan.window_s:g}"
    if users.throughput_per_s is None:
        yield f"WAIT={users.wait_text}"
    else:
        yield f"THROUGHPUT={users.throughput_per_s:g}"
    if users.shape:
        yield f"SHAPE={users.shape}"
    if users.workers:
        yield f"WORKERS={users.workers}"
    yield f"ROUNDS={plan.rounds}"
    yield f"SEED={plan.seed}"
