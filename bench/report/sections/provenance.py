"""Where the figures come from, in full, and how to make them again."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from bench.model import ClosedLoop, Crosscheck, OpenLoop, Plan, RunRecord, Saturation, Sweep, Users
from bench.report.facts import bind_words, machine_line, placement_line, provenance_lines
from bench.report.html.document import Commands, Prose, Section, Sheet
from bench.report.material import Material
from bench.report.tables import Table


def provenance(material: Material) -> Section:
    """Everything that was recorded, and the commands that reproduce the run."""
    record = material.record
    return Section(
        "provenance",
        "Provenance",
        (
            Sheet(circumstances(record)),
            Prose("To make this run again:"),
            Commands(tuple(commands(record))),
            Sheet(recorded(record), folded=True),
        ),
        "Every figure on this page is derived from rounds.jsonl and samples.jsonl beside it.",
    )


def circumstances(record: RunRecord) -> Table:
    """The recorded facts that one looks for first."""
    lines = (machine_line(record), placement_line(record), *provenance_lines(record))
    return Table(
        title="",
        columns=("what", "value"),
        rows=tuple(_named(line) for line in lines),
        numeric=(False, False),
    )


def _named(line: str) -> tuple[str, str]:
    """E.g. "flask: flask 3.1.3" and "commit abc123", cut behind what they are about."""
    name, colon, rest = line.partition(": ")
    return (name, rest) if colon else (line.partition(" ")[0], line.partition(" ")[2])


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
    variables = (*_variables(record.plan), *bind_words(record))
    yield " ".join(["make", _verb(record.plan), *map(shlex.quote, variables)])


def _verb(plan: Plan) -> str:
    match plan.study:
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
    if plan.half_width is None:  # rounds that the run added itself are its own to add again
        yield f"ROUNDS={plan.rounds}"
    if plan.study is not None:
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


def recorded(record: RunRecord) -> Table:
    """Every recorded fact by its dotted name."""
    stored: Mapping[str, object] = {
        "schema_version": record.schema_version,
        "run_id": record.run_id,
        "state": record.state,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "supervisor": record.supervisor,
        "placement": asdict(record.placement),
        "plan": asdict(record.plan),
        "ceiling_per_s": dict(record.ceiling_per_s),
        "sampler_share": record.sampler_share,
        **record.provenance,
    }
    return Table(
        title="Everything that was recorded",
        columns=("what", "value"),
        rows=tuple(_flat("", stored)),
        numeric=(False, False),
    )


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, (list, tuple)):
        yield prefix, ", ".join(map(str, value)) or "–"
    else:
        yield prefix, "–" if value in (None, "") else str(value)
