"""The equality sheet: what was the same for all targets, and what was not."""

from collections.abc import Sequence

from bench.analysis.equality import TOLERANCE, Equality, Fact, equality_of
from bench.analysis.stored import StoredRun
from bench.report.document import Block, Prose, Section, Sheet, Table
from bench.report.style import styles_of

_CAPTION = (
    f"Counted by the database and by the load generator. Equal: within {TOLERANCE:.0%} of each "
    f"other."
)


def equality(run: StoredRun) -> Section | None:
    """Versions, settings and work per request. None for one target: there is nothing to equal."""
    if len(run.record.plan.targets) < 2:
        return None
    found = equality_of(run)
    differing = [fact for fact in found.compared if not fact.equal]
    own = [fact for fact in found.versions if not fact.in_all]
    blocks: list[Block] = [Prose(_summary(found))]
    if differing:
        blocks.append(Sheet(_table("What was not equal", differing, run)))
    if found.work:
        blocks.append(Sheet(_table("Work per request", found.work, run, caption=_CAPTION)))
    if own:
        blocks.append(Sheet(_table("Packages that not all of them use", own, run), folded=True))
    equal = [fact for fact in (*found.shared_versions, *found.settings) if fact.equal]
    if equal:
        blocks.append(
            Sheet(
                _table(f"What was equal: {len(equal)} versions and settings", equal, run),
                folded=True,
            )
        )
    return Section(
        "equality",
        "Equality",
        tuple(blocks),
        "One contract, one worker on one core, the same rows, the same driver. As reported by what "
        "ran, not by what was asked for.",
        extent="page",
    )


def _summary(found: Equality) -> str:
    count = len(found.compared)
    equal = sum(fact.equal for fact in found.compared)
    if not count:
        return "This run has recorded nothing to compare."
    if equal == count:
        return f"All {count} recorded conditions were equal."
    return f"{equal} of {count} recorded conditions were equal."


def _table(title: str, facts: Sequence[Fact], run: StoredRun, caption: str = "") -> Table:
    labels = [style.short for style in styles_of(run.record).values()]
    order = [run.record.plan.targets.index(name) for name in styles_of(run.record)]
    return Table(
        title=title,
        columns=("what", *labels, ""),
        rows=tuple((fact.name, *(fact.values[at] for at in order), _mark(fact)) for fact in facts),
        numeric=(False,) * (2 + len(labels)),
        caption=caption,
    )


def _mark(fact: Fact) -> str:
    if not fact.in_all:
        return "not in all"
    return "= equal" if fact.equal else "≠ differs"
