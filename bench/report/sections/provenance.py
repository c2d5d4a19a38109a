"""Where the figures come from, in full, and how to make them again."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from bench.analysis.commands import commands
from bench.analysis.stored import StoredRun
from bench.model import RunRecord
from bench.report.facts import machine_line, placement_line, provenance_lines
from bench.report.html.document import Commands, Prose, Section, Sheet
from bench.report.tables import Table


def provenance(run: StoredRun) -> Section:
    """Everything that was recorded, and the commands that reproduce the run."""
    record = run.record
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
