"""Sentences about where and how a run was made."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.analysis.expected_precision import ratio_precisions
from bench.analysis.measures import measures_of
from bench.analysis.validity import rounds_of
from bench.model import (
    Placement,
    Plan,
    Promise,
    RunRecord,
)
from bench.words import and_list, capitalised, length_words, times


def load_words(plan: Plan) -> str:
    """How the plan's load arrives, whatever kind of run it is."""
    parts = (plan.design.words, plan.pacing.words if plan.design.shares_pacing else "")
    return ", ".join(filter(None, parts))


def run_line(record: RunRecord) -> str:
    """Which run, of what, how far it came, and how it was asked for."""
    plan = record.plan
    parts = [", ".join(plan.workloads), load_words(plan)]
    if plan.design.rounds == "found":
        parts.append(f"{times(rounds_of(record), 'round')}, {length_words(plan)}")
    elif plan.design.rounds == "planned":
        parts.append(f"{rounds_of(record)} of {plan.rounds} rounds, {length_words(plan)}")
    if record.resumed_at:
        parts.append(f"resumed {times(len(record.resumed_at), 'time')}")
    parts.append(f"profile {plan.profile}, seed {plan.seed}, method {record.method}")
    parts += measured_words(record)
    return f"Run {record.run_id}, {record.state}: {'; '.join(parts)}."


def measured_words(record: RunRecord) -> tuple[str, ...]:
    """How much of a finished run's time was measured; nothing where that is not known."""
    if not record.wall_s or record.measured_s is None:
        return ()
    share = record.measured_s / record.wall_s
    return (f"{record.measured_s:,.0f} of {record.wall_s:,.0f} s measured ({share:.0%})",)


def promise_words(record: RunRecord) -> str:
    """What a run promises, without its full stop; "" where it promises nothing."""
    if record.promise is None:
        return ""
    known = _by_measures(record, record.promise.half_widths)
    told = f"a typical ratio of two targets will be known to {known}"
    rounds = times(record.plan.rounds, "round")
    return f"{capitalised(_grounds(record.promise))}, {told} after {rounds}"


def held_words(record: RunRecord) -> str:
    """How well a run's ratios are known, and what it had promised; "" without any interval."""
    known = ratio_precisions(record)
    if not known:
        return ""
    parts = [
        f"{_half(width.typical)} by {width.measure.title} (the widest of {width.ratios}: "
        f"{_half(width.widest)})"
        for width in known
    ]
    held = f"A typical ratio is known to {and_list(parts)}."
    if record.promise is None:
        return held
    promised = _by_measures(record, record.promise.half_widths)
    return f"{held} Promised was {promised}, {_grounds(record.promise)}."


def _grounds(promise: Promise) -> str:
    runs = len(promise.runs)
    if not runs:
        return "from what other machines showed"
    return f"from {'an earlier run' if runs == 1 else f'{runs} earlier runs'} on this machine"


def _by_measures(record: RunRecord, half_widths: Mapping[str, float]) -> str:
    return and_list(
        [
            # What is expected to be off by a whole and more is not expected to be known.
            f"{_half(share) if share < 1 else 'no better than ± 100%'} by {measure.title}"
            for measure in measures_of(record.plan)
            if (share := half_widths.get(measure.metric.name)) is not None
        ]
    )


def _half(share: float) -> str:
    return f"± {share:.1%}"


def _cpus(cpus: tuple[int, ...]) -> str:
    return "CPU " + ",".join(map(str, cpus))


def placement_words(placement: Placement) -> str:
    """Which CPU serves what."""
    roles = {
        "app": placement.app,
        "database": placement.database,
        "generator": placement.generator,
        "lab": placement.housekeeping,
    }
    return "; ".join(f"{role} on {_cpus(cpus)}" for role, cpus in roles.items() if cpus)


def placement_fact(record: RunRecord) -> tuple[str, str]:
    """Where everything ran and who ran it, and what the machine could not give."""
    parts = [placement_words(record.placement)]
    if record.supervisor:
        parts.append(f"Supervisor: {record.supervisor}")
    if away := record.plan.target_host:
        parts.insert(0, f"services at {away}, where nobody saw what they use")
    told = "".join(f"{part}. " for part in parts if part)
    return "Placement", f"{told}{' '.join(record.placement.notes)}".strip()


def machine_fact(record: RunRecord) -> tuple[str, str]:
    """The machine, its kernel, and the Python that everything ran with."""
    machine: Mapping[str, Any] = _section(record, "machine")
    memory = int(machine.get("memory_bytes", 0)) / 2**30
    return "Machine", (
        f"{machine.get('cpu_model')}, {machine.get('cpus_online')} CPUs, "
        f"{memory:.0f} GiB, virtualisation: {machine.get('virtualisation')}, "
        f"Linux {machine.get('kernel')}, Python {machine.get('python_version')}."
    )


def fact_line(fact: tuple[str, str]) -> str:
    """E.g. "Machine: AMD EPYC, 2 CPUs ..."."""
    return ": ".join(fact)


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


def provenance_facts(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Where the code came from, and versions as the running services reported them."""
    source = _section(record, "source")
    yield "started", record.started_at
    yield "commit", f"{source.get('git_commit')}{changes_words(source.get('git_dirty'))}"
    if record.sampler_share is not None:
        yield "sampler", f"{record.sampler_share:.2%} of one core"
    yield from (("from the Nix store", path) for path in _store_paths(record))
    for name, versions in _section(record, "services").items():
        yield name, ", ".join(f"{package} {version}" for package, version in versions.items())
    for name, settings in _section(record, "databases").items():
        yield f"PostgreSQL of {name}", str(settings.get("server_version"))
