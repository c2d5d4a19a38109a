"""Sentences about where and how a run was made."""

from collections.abc import Mapping
from typing import Any

from bench.model import ClosedLoop, OpenLoop, Pacing, Placement, Plan, RunRecord, Users
from bench.report.studies import study_words
from bench.words import length_words


def pacing_words(pacing: Pacing) -> str:
    match pacing:
        case ClosedLoop():
            return f"closed loop, {pacing.concurrency} connections"
        case OpenLoop():
            return f"open loop, {pacing.rate_per_s:g} requests/s, {pacing.arrivals} arrivals"
        case Users():
            return _users_words(pacing)


def _users_words(pacing: Users) -> str:
    rate = pacing.throughput_per_s
    how = f"a pause of {pacing.wait_text} s each" if rate is None else f"{rate:g} requests/s each"
    shape = f", shape {pacing.shape}" if pacing.shape else ""
    where = " on other machines" if pacing.remote else ""
    workers = f", {pacing.workers} Locust workers{where}" if pacing.workers else ""
    start = f"{pacing.spawn_rate_per_s:g} started per s"
    return f"{pacing.users} users, {start}, {how}{shape}{workers}"


def load_words(plan: Plan) -> str:
    """How the plan's load arrives, whatever kind of run it is."""
    return study_words(plan.study) if plan.study else pacing_words(plan.pacing)


def state_line(record: RunRecord) -> str:
    plan = record.plan
    rounds = len({cell.round for cell in record.cells})
    state = "" if record.state == "complete" else f" This run is {record.state}, not complete."
    return (
        f"Profile {plan.profile}: {load_words(plan)}, {rounds} of {plan.rounds} rounds, "
        f"{length_words(plan)}, "
        f"seed {plan.seed}.{state}"
    )


def _cpus(cpus: tuple[int, ...]) -> str:
    return "CPU " + ",".join(map(str, cpus))


def placement_words(placement: Placement) -> str:
    return (
        f"app on {_cpus(placement.app)}; database on {_cpus(placement.database)}; "
        f"generator on {_cpus(placement.generator)}; lab on {_cpus(placement.housekeeping)}"
    )


def placement_line(record: RunRecord) -> str:
    notes = " ".join(record.placement.notes)
    return (
        f"Placement: {placement_words(record.placement)}. Supervisor: {record.supervisor}. {notes}"
    ).strip()


def machine_line(record: RunRecord) -> str:
    machine: Mapping[str, Any] = _section(record, "machine")
    memory = int(machine.get("memory_bytes", 0)) / 2**30
    return (
        f"Machine: {machine.get('cpu_model')}, {machine.get('cpus_online')} CPUs, "
        f"{memory:.0f} GiB, virtualisation: {machine.get('virtualisation')}, "
        f"Linux {machine.get('kernel')}, Python {machine.get('python_version')}."
    )


def _section(record: RunRecord, name: str) -> Mapping[str, Any]:
    found = record.provenance.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _store_paths(record: RunRecord) -> tuple[str, ...]:
    sections = (
        ("source", "store_path"),
        ("machine", "python_store_path"),
        ("postgresql", "store_path"),
    )
    found = (_section(record, section).get(name) for section, name in sections)
    return tuple(str(path) for path in found if path)


def changes_words(git_dirty: object) -> str:
    """What stands behind the commit, "" for a clean tree; None: git could not tell."""
    if git_dirty is None:
        return ", uncommitted changes not known"
    return " with uncommitted changes" if git_dirty else ""


def provenance_lines(record: RunRecord) -> list[str]:
    """Versions as the running services reported them, and where the code came from."""
    source = _section(record, "source")
    changes = changes_words(source.get("git_dirty"))
    lines = [f"started {record.started_at}", f"commit {source.get('git_commit')}{changes}"]
    if record.sampler_share is not None:
        lines.append(f"sampler: {record.sampler_share:.2%} of one core")
    lines += [f"from the Nix store: {path}" for path in _store_paths(record)]
    for name, versions in _section(record, "services").items():
        told = ", ".join(f"{package} {version}" for package, version in versions.items())
        lines.append(f"{name}: {told}")
    for name, settings in _section(record, "databases").items():
        lines.append(f"PostgreSQL of {name}: {settings.get('server_version')}")
    return lines
