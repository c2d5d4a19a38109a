"""What was the same for all targets, and what was not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.workloads import WORKLOADS

TOLERANCE = 0.01
"""Counts per request are equal within this share: what is drawn and created varies a little."""

ABSENT = "–"
"""Stands for what a target does not have."""

_COUNTED = ("queries", "rows", "commits", "response_bytes")
_OWN = ("*data_directory", "port", "data_directory")
"""Settings that every instance must have for itself."""


@dataclass(frozen=True)
class Fact:
    """One condition, with its value for every target; `equal` in the sense of its kind."""

    name: str
    values: tuple[str, ...]
    equal: bool

    @property
    def in_all(self) -> bool:
        """Whether every target of the run reports a value."""
        return ABSENT not in self.values


@dataclass(frozen=True)
class Equality:
    """All conditions of a run. `versions` are packages, some of which not all targets use."""

    work: tuple[Fact, ...]
    versions: tuple[Fact, ...]
    settings: tuple[Fact, ...]

    @property
    def shared_versions(self) -> tuple[Fact, ...]:
        """The versions of the packages that every target uses."""
        return tuple(fact for fact in self.versions if fact.in_all)

    @property
    def compared(self) -> tuple[Fact, ...]:
        """The facts that targets can be compared by: those that mean the same for all."""
        return (*self.work, *self.shared_versions, *self.settings)


def equality_of(run: StoredRun) -> Equality:
    """Versions, settings and work per request, with a value for each target in plan order."""
    return Equality(
        work=tuple(_work(run)),
        versions=tuple(_stored(run, "services", "")),
        settings=(
            *_stored(run, "settings", ""),
            *_stored(run, "tables", "items,"),
            *_rows(run),
            *_stored(run, "databases", "PostgreSQL"),
        ),
    )


def _stored(run: StoredRun, section: str, prefix: str) -> Iterator[Fact]:
    """What the running services, or their databases, reported."""
    stored = run.record.provenance.get(section)
    by_target: Mapping[str, object] = stored if isinstance(stored, Mapping) else {}
    told = [by_target.get(name) for name in run.record.plan.targets]
    reported = [answer if isinstance(answer, Mapping) else {} for answer in told]
    names = dict.fromkeys(name for answer in reported for name in answer)
    for name in names:
        if name in _OWN:
            continue
        values = tuple(str(answer[name]) if name in answer else ABSENT for answer in reported)
        yield Fact(f"{prefix} {name}".strip(), values, len(set(values)) == 1)


def _rows(run: StoredRun) -> Iterator[Fact]:
    """Loading a data set fails unless the database has taken just as many rows."""
    plan = run.record.plan
    deletes = any(WORKLOADS[name].deletes for name in plan.workloads if name in WORKLOADS)
    told = f"{plan.rows:,}{' and those to delete' if deletes else ''}"
    if run.record.cells:
        yield Fact("rows loaded before each cell", (told,) * len(plan.targets), True)


def _work(run: StoredRun) -> Iterator[Fact]:
    """What the targets really did for a request, operation by operation."""
    for title in dict.fromkeys(series.title for series in run.series):
        mine = {series.target: series for series in run.series if series.title == title}
        for name in _COUNTED:
            metric = METRICS[name]
            values = [
                metric.value(mine[target].usable) if target in mine else None
                for target in run.record.plan.targets
            ]
            known = [value for value in values if value is not None]
            if known:
                equal = len(known) == len(values) and _close(known)
                yield Fact(f"{title}: {metric.title}", tuple(map(metric.format, values)), equal)


def _close(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= TOLERANCE * max(map(abs, values))
