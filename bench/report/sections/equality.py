"""The equality sheet: what was the same for all targets, and what was not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.metrics import METRICS
from bench.report.html.document import Block, Prose, Section, Sheet
from bench.report.material import Material
from bench.report.tables import Table
from bench.workloads import WORKLOADS

TOLERANCE = 0.01
"""Counts per request are equal within this share: what is drawn and created varies a little."""

_COUNTED = ("queries", "rows", "commits", "response_bytes")
_OWN = ("*data_directory", "port", "data_directory")
"""Settings that every instance must have for itself."""

_ABSENT = "–"


@dataclass(frozen=True)
class Fact:
    """One condition, with its value for every target; `equal` in the sense of its kind."""

    name: str
    values: tuple[str, ...]
    equal: bool


def equality(material: Material) -> Section | None:
    """Versions, settings and work per request. None for one target: there is nothing to equal."""
    targets = material.record.plan.targets
    if len(targets) < 2:
        return None
    settings = [
        *_stored(material, "settings", ""),
        *_stored(material, "tables", "items,"),
        *_rows(material),
        *_stored(material, "databases", "PostgreSQL"),
    ]
    versions = [*_stored(material, "services", "")]
    work = [*_work(material)]
    shared = [one for one in versions if _ABSENT not in one.values]
    facts = [*work, *shared, *settings]
    differing = [one for one in facts if not one.equal]
    own = [one for one in versions if _ABSENT in one.values]
    blocks: list[Block] = [Prose(_summary(facts, differing))]
    if differing:
        blocks.append(Sheet(_table("What was not equal", differing, material)))
    if work:
        blocks.append(Sheet(_table("Work per request", work, material, caption=_CAPTION)))
    if own:
        blocks.append(
            Sheet(_table("Packages that not all of them use", own, material), folded=True)
        )
    equal = [one for one in (*shared, *settings) if one.equal]
    if equal:
        blocks.append(
            Sheet(
                _table(f"What was equal: {len(equal)} versions and settings", equal, material),
                folded=True,
            )
        )
    return Section(
        "equality",
        "Equality",
        tuple(blocks),
        "One contract, one worker on one core, the same rows, the same driver. As reported by what "
        "ran, not by what was asked for.",
    )


_CAPTION = (
    f"Counted by the database and by the load generator. Equal: within {TOLERANCE:.0%} of each "
    f"other."
)


def _summary(facts: Sequence[Fact], differing: Sequence[Fact]) -> str:
    if not facts:
        return "This run has recorded nothing to compare."
    if not differing:
        return f"All {len(facts)} recorded conditions were equal."
    return f"{len(facts) - len(differing)} of {len(facts)} recorded conditions were equal."


def _stored(material: Material, section: str, prefix: str) -> Iterator[Fact]:
    """What the running services, or their databases, reported."""
    stored = material.record.provenance.get(section)
    by_target: Mapping[str, object] = stored if isinstance(stored, Mapping) else {}
    told = [by_target.get(name) for name in material.record.plan.targets]
    reported = [one if isinstance(one, Mapping) else {} for one in told]
    names = dict.fromkeys(name for one in reported for name in one)
    for name in names:
        if name in _OWN:
            continue
        values = tuple(str(one[name]) if name in one else _ABSENT for one in reported)
        yield Fact(f"{prefix} {name}".strip(), values, len(set(values)) == 1)


def _rows(material: Material) -> Iterator[Fact]:
    """Loading a data set fails unless the database has taken just as many rows."""
    plan = material.record.plan
    deletes = any(WORKLOADS[name].deletes for name in plan.workloads if name in WORKLOADS)
    told = f"{plan.rows:,}{' and those to delete' if deletes else ''}"
    if material.record.cells:
        yield Fact("rows loaded before each cell", (told,) * len(plan.targets), True)


def _work(material: Material) -> Iterator[Fact]:
    """What the targets really did for a request, operation by operation."""
    for title in dict.fromkeys(one.title for one in material.series):
        mine = {one.target: one for one in material.series if one.title == title}
        for name in _COUNTED:
            metric = METRICS[name]
            values = [
                metric.value(mine[target].usable) if target in mine else None
                for target in material.record.plan.targets
            ]
            known = [value for value in values if value is not None]
            if known:
                equal = len(known) == len(values) and _close(known)
                yield Fact(f"{title}: {metric.title}", tuple(map(metric.format, values)), equal)


def _close(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= TOLERANCE * max(map(abs, values))


def _table(title: str, facts: Sequence[Fact], material: Material, caption: str = "") -> Table:
    labels = [look.short for look in material.looks.values()]
    order = [material.record.plan.targets.index(name) for name in material.looks]
    return Table(
        title=title,
        columns=("what", *labels, ""),
        rows=tuple((fact.name, *(fact.values[at] for at in order), _mark(fact)) for fact in facts),
        numeric=(False,) * (2 + len(labels)),
        caption=caption,
    )


def _mark(fact: Fact) -> str:
    if _ABSENT in fact.values:
        return "not in all"
    return "= equal" if fact.equal else "≠ differs"
