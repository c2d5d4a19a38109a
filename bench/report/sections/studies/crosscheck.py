"""Whether the lab's own generator and Locust agree about the same service."""

from collections.abc import Sequence

from bench.analysis.stored import StoredRun
from bench.analysis.studies.crosscheck import LOCUST, OURS, CrosscheckFigure, agreements
from bench.model import Crosscheck, OpenLoop, RunRecord, Users
from bench.report.document import (
    Block,
    Card,
    Gravity,
    Notes,
    Outcome,
    Prose,
    Section,
    Sheet,
    Table,
    TargetCell,
)
from bench.report.style import styles_of
from bench.report.words import rounds_words
from bench.words import NO_FIGURE, interval_words


def crosscheck(run: StoredRun) -> Section | None:
    """Every figure from both. None where nothing was checked."""
    record = run.record
    if not isinstance(record.plan.study, Crosscheck):
        return None
    found = agreements(record)
    apart = any(figure.outcome == "disagree" for figure in found)
    agree = all(figure.outcome == "agree" for figure in found)
    gravity: Gravity = "invalid" if apart else "good" if agree else "doubt"
    blocks: list[Block] = [
        Outcome(outcome_words(found), gravity),
        Prose(f"Workload {', '.join(record.plan.workloads)}: {_loads(record)}."),
        Sheet(crosscheck_table(found)),
    ]
    if late := _lateness_notes(record):
        blocks.append(Notes(tuple(late)))
    return Section("crosscheck", "Crosscheck", tuple(blocks))


def _loads(record: RunRecord) -> str:
    """What each of the two was asked to send."""
    pacings = {cell.pacing for cell in record.cells}
    ours = next((pacing for pacing in pacings if isinstance(pacing, OpenLoop)), None)
    theirs = next((pacing for pacing in pacings if isinstance(pacing, Users)), None)
    if not (ours and theirs):
        return "none measured yet"
    return (
        f"{ours.rate_per_s:g} requests/s in an open loop, against {theirs.users} users with "
        f"{theirs.throughput_per_s:g} requests/s each"
    )


def agreement_word(figure: CrosscheckFigure) -> str:
    """The outcome as it stands in a table: what is wrong catches the eye."""
    return "DISAGREE" if figure.outcome == "disagree" else figure.outcome


def crosscheck_table(found: Sequence[CrosscheckFigure]) -> Table:
    """Both figures, their ratio, and whether that is within the tolerance."""
    return Table(
        title="Crosscheck",
        columns=(
            *("framework", "figure", "unit", "lab", "Locust", "Locust / lab"),
            *("tolerance", "verdict", "rounds needed"),
        ),
        rows=tuple(
            (
                TargetCell(figure.target),
                figure.metric.title,
                figure.metric.unit,
                figure.metric.format(figure.ours),
                figure.metric.format(figure.locust),
                interval_words(figure.verdict.ratio) if figure.verdict.ratio else NO_FIGURE,
                f"{figure.verdict.threshold:.0%}",
                agreement_word(figure),
                rounds_words(figure.verdict),
            )
            for figure in found
        ),
        numeric=(False, False, False, *([True] * 4), False, True),
        caption=(
            "Ratios paired within rounds, with their 95 % intervals. Agree: the whole interval is "
            "within the tolerance; disagree: all of it is beyond. p50 and p99 are latency from "
            "when a request was due."
        ),
    )


def outcome_words(found: Sequence[CrosscheckFigure]) -> str:
    """The whole crosscheck in one sentence."""
    apart = [
        f"{figure.target} {figure.metric.title}" for figure in found if figure.outcome == "disagree"
    ]
    if apart:
        return f"The two generators DISAGREE beyond the tolerance: {', '.join(apart)}."
    agreed = sum(figure.outcome == "agree" for figure in found)
    if agreed == len(found):
        return f"The two generators agree on all {agreed} figures."
    return (
        f"The two generators agree on {agreed} of {len(found)} figures; nothing disagrees, the "
        "others are undecided: more ROUNDS, or a quieter machine."
    )


def _lateness_notes(record: RunRecord) -> list[str]:
    """How late each side was sending: what the latencies hold of the generators themselves."""
    notes = []
    for name, pacing in ((OURS, OpenLoop), (LOCUST, Users)):
        late = [
            window.load.lateness
            for cell in record.cells
            if isinstance(cell.pacing, pacing)
            for window in cell.phases
            if window.load.lateness is not None and window.load.lateness.p99_s is not None
        ]
        if late:
            p50_ms, p99_ms = (
                sum(getattr(lateness, field) for lateness in late) / len(late) * 1e3
                for field in ("p50_s", "p99_s")
            )
            notes.append(
                f"{name} sent {p50_ms:.2f} ms late at p50 and {p99_ms:.2f} ms at p99, the mean "
                f"over its windows; that is part of its {record.cells[0].pacing.time_word}."
            )
    return notes


# --- the answer -------------------------------------------------------------------------------


def crosscheck_cards(run: StoredRun) -> tuple[Card, ...]:
    """How many figures of each target agree, and what becomes of each."""
    cards = []
    for target, style in styles_of(run.record).items():
        mine = [figure for figure in agreements(run.record) if figure.target == target]
        told = "; ".join(f"{figure.metric.title}: {agreement_word(figure)}" for figure in mine)
        agreed = sum(figure.outcome == "agree" for figure in mine)
        words = f"{agreed} of {len(mine)} figures agree"
        cards.append(Card(target, style.label, words, "", f"{told}.", doubtful=agreed < len(mine)))
    return tuple(cards)
