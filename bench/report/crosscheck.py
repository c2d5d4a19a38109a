"""A crosscheck as a table and in words, and the page of one."""

from collections.abc import Sequence

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.stored import StoredRun
from bench.analysis.studies.crosscheck import LOCUST, OURS, CrosscheckFigure, agreements
from bench.model import OpenLoop, RunRecord, Users
from bench.report.facts import machine_line, placement_line, provenance_lines
from bench.report.page import Page
from bench.report.tables import Table, time_word
from bench.report.verdicts import rounds_words
from bench.words import NO_FIGURE, interval_words


def agreement_word(one: CrosscheckFigure) -> str:
    """The outcome as it stands in a table: what is wrong catches the eye."""
    return "DISAGREE" if one.outcome == "disagree" else one.outcome


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
                one.target,
                one.metric.title,
                one.metric.unit,
                one.metric.format(one.ours),
                one.metric.format(one.locust),
                interval_words(one.verdict.ratio) if one.verdict.ratio else NO_FIGURE,
                f"{one.verdict.threshold:.0%}",
                agreement_word(one),
                rounds_words(one.verdict),
            )
            for one in found
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
    apart = [f"{one.target} {one.metric.title}" for one in found if one.outcome == "disagree"]
    if apart:
        return f"The two generators DISAGREE beyond the tolerance: {', '.join(apart)}."
    agreed = sum(one.outcome == "agree" for one in found)
    if agreed == len(found):
        return f"The two generators agree on all {agreed} figures."
    return (
        f"The two generators agree on {agreed} of {len(found)} figures; nothing disagrees, the "
        "others are undecided: more ROUNDS, or a quieter machine."
    )


def crosscheck_page(run: StoredRun) -> Page:
    """The report of a crosscheck."""
    record = run.record
    found = agreements(record)
    pacings = {cell.pacing for cell in record.cells}
    ours = next((one for one in pacings if isinstance(one, OpenLoop)), None)
    theirs = next((one for one in pacings if isinstance(one, Users)), None)
    told = "none measured yet"
    if ours and theirs:
        told = (
            f"{ours.rate_per_s:g} requests/s in an open loop, against {theirs.users} users with "
            f"{theirs.throughput_per_s:g} requests/s each"
        )
    rounds = len({cell.round for cell in record.cells})
    state = "" if record.state == "complete" else f" This run is {record.state}, not complete."
    return Page(
        title=f"Crosscheck {record.run_id}",
        lead=(
            outcome_words(found),
            f"Workload {', '.join(record.plan.workloads)}: {told}. {rounds} of "
            f"{record.plan.rounds} rounds, windows of {record.plan.window_s:g} s, "
            f"seed {record.plan.seed}.{state}",
            machine_line(record),
            placement_line(record),
        ),
        tables=(crosscheck_table(found),),
        notes=tuple(_lateness_notes(record)),
        diagnostics=diagnostics_of(run),
        facts=tuple(provenance_lines(record)),
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
                sum(getattr(one, field) for one in late) / len(late) * 1e3
                for field in ("p50_s", "p99_s")
            )
            notes.append(
                f"{name} sent {p50_ms:.2f} ms late at p50 and {p99_ms:.2f} ms at p99, the mean "
                f"over its windows; that is part of its {time_word(record.cells[0].pacing)}."
            )
    return notes
