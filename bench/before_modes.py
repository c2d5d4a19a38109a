"""Runs of version 1, whose targets had no mode: told as what they measured.

There was one service per framework, and all of them kept a contract of one statement per request,
which none does that uses its framework as its documentation teaches. They are what is called tuned
now, and have names of their own since: `flask` of such a run is today's `flask-tuned`. Under its
old name it would be taken for the standard one.
"""

from dataclasses import replace

from bench.model import RunRecord, Sample, TargetRecord

_LABELS = {"fastapi": "FastAPI", "flask": "Flask", "drf": "Django REST Framework"}
_BY_TARGET = ("services", "settings", "tables", "databases")
"""The parts of the provenance that have an entry for each target."""


def run(record: RunRecord) -> RunRecord:
    """A record of version 1 with its cells, as a reader of today understands it."""
    plan = replace(record.plan, targets=tuple(map(_today, record.plan.targets)))
    provenance = {
        part: {_today(name): told for name, told in known.items()}
        if part in _BY_TARGET and isinstance(known, dict)
        else known
        for part, known in record.provenance.items()
    }
    return replace(
        record,
        plan=plan,
        provenance=provenance,
        targets=tuple(map(_target, record.plan.targets)),
        cells=tuple(replace(cell, target=_today(cell.target)) for cell in record.cells),
    )


def sample(stored: Sample) -> Sample:
    """A reading of version 1: apps were named after their target, databases too."""
    name = stored.unit.removeprefix("onecore-")
    if name == stored.unit or name.startswith("postgres-"):
        return stored
    return replace(stored, unit=f"onecore-{_today(name)}")


def _today(name: str) -> str:
    return f"{name}-tuned"


def _target(name: str) -> TargetRecord:
    return TargetRecord(_today(name), _LABELS.get(name, name), name, "tuned", "strict")
