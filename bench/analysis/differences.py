"""What differs between two runs, and which differences forbid comparing them.

Forbidden is what changes the figures without being what a comparison is about: another host,
another placement, another contract, another load. Versions and settings are what one compares for;
they are told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from bench.errors import UsageError
from bench.model import RunRecord
from bench.workloads import WORKLOADS

ABSENT = "–"
"""Stands for a value that one of two runs did not record."""

# Patterns of dotted names. The kernel's version is told and not forbidden: an upgraded kernel is
# something to compare for, like an upgraded framework.
_BLOCKING = (
    "schema_version",
    "method",
    "supervisor",
    "machine.identity",
    "machine.cpu_model",
    "machine.cpus_online",
    "machine.cpus_allowed",
    "machine.virtualisation",
    "machine.smt",
    "machine.governors",
    "machine.no_turbo",
    "machine.boost",
    "placement.app",
    "placement.database",
    "placement.generator",
    "placement.housekeeping",
    "source.openapi_sha256",
    "plan.pacing.*",
    "plan.target_host",
    "plan.window_s",
    "plan.rows",
)

COUNTED = "plan.requests"
"""Blocking where some phase is ended by a count of requests, without any meaning elsewhere."""

PER_TARGET = ("services", "settings", "tables", "databases")
"""Sections of the provenance with an entry for each target."""

# What differs between any two runs, or is no condition of theirs.
_VOLATILE = (
    "load_*",
    "environment.lab",
    "plan.seed",
    "placement.notes",
    "*data_directory",
    "*.port",
    "port_offset",
)


@dataclass(frozen=True)
class Difference:
    """One fact, by its keys in the record, with both values. `blocking` forbids the comparison."""

    path: tuple[str, ...]
    base: str
    head: str
    blocking: bool

    @property
    def name(self) -> str:
        """Its dotted name, e.g. "plan.pacing.connections"."""
        return _dotted(self.path)

    def __str__(self) -> str:
        return f"{self.name}: {self.base} -> {self.head}"


def differences(base: RunRecord, head: RunRecord) -> tuple[Difference, ...]:
    """Every fact that differs, the blocking ones first, in the order of the records.

    What is stored per target counts for targets that both runs have, and what matters to single
    workloads for workloads that both have. A fact that one run did not record is told, and never
    blocks: nothing is known about it.
    """
    common = set(base.plan.targets) & set(head.plan.targets)
    before, after = _facts(base, common), _facts(head, common)
    counted = any(map(is_counted, {*base.plan.workloads} & {*head.plan.workloads}))
    found = [
        _difference(path, before.get(path), after.get(path), counted=counted)
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path) and not _matches(path, _VOLATILE)
    ]
    return tuple(sorted(found, key=lambda difference: not difference.blocking))


def require_comparable(records: Iterable[RunRecord], remedy: str) -> None:
    """Raises UsageError for a run that is no bench. `remedy` is what to do: "name benches"."""
    for record in records:
        design = record.plan.design
        if not design.is_comparable:
            raise UsageError(
                f"run {record.run_id} is a {design.kind}, not a bench",
                f"Its figures belong to single rates or concurrencies: {remedy}.",
            )


def _difference(
    path: tuple[str, ...], old: str | None, new: str | None, *, counted: bool
) -> Difference:
    known = old is not None and new is not None
    blocking = _matches(path, _BLOCKING) or (counted and _dotted(path) == COUNTED)
    return Difference(path, _shown(old), _shown(new), blocking=blocking and known)


def _shown(value: str | None) -> str:
    return ABSENT if value is None else value or '""'


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)


def _matches(path: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(_dotted(path), pattern) for pattern in patterns)


def is_counted(workload: str) -> bool:
    """Whether a count of requests ends some phase of this workload."""
    known = WORKLOADS.get(workload)
    return known is not None and any(phase.counted for phase in known.phases(1, 2))


def _facts(record: RunRecord, targets: set[str]) -> Mapping[tuple[str, ...], str]:
    """All recorded conditions by their keys, outermost first."""
    stored: dict[str, object] = {
        "schema_version": record.schema_version,
        "method": record.method,
        "supervisor": record.supervisor,
        "placement": asdict(record.placement),
        **record.provenance,
        # A missing target is told as such.
        "plan": {key: value for key, value in asdict(record.plan).items() if key != "targets"},
    }
    for section in PER_TARGET:
        by_target = stored.get(section)
        if isinstance(by_target, Mapping):
            stored[section] = {name: by_target[name] for name in by_target if name in targets}
    return dict(_flat((), stored))


def _flat(path: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat((*path, str(key)), inner)
    elif isinstance(value, (list, tuple)):
        yield path, ", ".join(map(str, value))
    else:
        yield path, str(value)
