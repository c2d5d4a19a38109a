"""Where the figures come from, in full, and how to make them again."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from bench.analysis.commands import commands
from bench.analysis.stored import StoredRun
from bench.model import RunRecord
from bench.report.document import Commands, Prose, Section, Sheet, Table
from bench.report.facts import machine_fact, placement_fact, provenance_facts
from bench.words import NO_FIGURE


def provenance(run: StoredRun) -> Section:
    """Everything that was recorded, and the commands that reproduce the run."""
    record = run.record
    return Section(
        "provenance",
        "Provenance",
        (
            Sheet(circumstances(record), extent="files"),
            Prose("To make this run again:", extent="page"),
            Commands(tuple(commands(record))),
            Sheet(recorded(record), folded=True, extent="page"),
        ),
        "Every figure on this page is derived from rounds.jsonl and samples.jsonl beside it.",
    )


def circumstances(record: RunRecord) -> Table:
    """The recorded facts that one looks for first."""
    return Table(
        title="What ran, and where",
        columns=("what", "value"),
        rows=(machine_fact(record), placement_fact(record), *provenance_facts(record)),
        numeric=(False, False),
    )


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
        yield prefix, ", ".join(map(str, value)) or NO_FIGURE
    else:
        yield prefix, NO_FIGURE if value in (None, "") else str(value)
