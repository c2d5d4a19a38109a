"""A search for saturation: every trial, and the answer."""

from collections.abc import Sequence
from textwrap import shorten

from bench.analysis.stored import StoredRun
from bench.analysis.studies.saturation import SaturationOutcome, cells_behind, outcomes
from bench.model import CellResult, Saturation
from bench.report.document import (
    Block,
    Card,
    Figure,
    Notes,
    Prose,
    Row,
    Section,
    Sheet,
    Table,
    TargetCell,
)
from bench.report.plots.laws import trials_plot
from bench.report.sections.studies.scalability import figures
from bench.report.style import styles_of
from bench.stats.search import Answer, Trial
from bench.words import NO_FIGURE, capitalised

_WIDEST_OUTCOME = 44


def saturation(run: StoredRun) -> Section | None:
    """Trials by rate and p99. None where no saturation was searched."""
    study = run.record.plan.study
    if not isinstance(study, Saturation):
        return None
    found = outcomes(run.record, study)
    blocks: list[Block] = [Prose(_starts(found, study)), Sheet(answers_table(found, study))]
    if any(outcome.trials for outcome in found):
        blocks.append(
            Figure(
                (trials_plot(found, styles_of(run.record), study.objective_s),),
                f"Full: passed. Hollow: failed. ×: not judged, the generator was to blame. Dashed "
                f"across: the objective, {study.objective_s * 1e3:g} ms. Dotted: the answers.",
                trials_table(found),
            )
        )
    remarks = tuple(
        f"{outcome.target}: {told}." for outcome in found if (told := remark(outcome, study))
    )
    if remarks:
        blocks.append(Notes(remarks))
    lead = "Open loop: latency counts from the moment a request was due."
    return Section("saturation", "Saturation", tuple(blocks), lead)


def remark(found: SaturationOutcome, study: Saturation) -> str:
    """What the answer is worth, in words; empty when there is nothing to add."""
    told = found.answer
    if told is None:
        return "not measured in a closed loop: nowhere to start"
    if found.given_up:
        return f"given up: {found.trials[-1].reason}"
    why = "; ".join(dict.fromkeys(found.reasons(told.upper_per_s)))
    match told.kind:
        case "found":
            noise = len(told.contradictions)
            return f"{noise} of {len(found.trials)} trials contradict it" if noise else ""
        case "unjudged above":
            return f"above it nothing is known: {why}"
        case "none":
            return f"no rate down to {told.upper_per_s:,.0f} holds it: {why}"
        case "all":
            return "holds at every rate that was tried"
        case "undecided":
            return _undecided(found, study)


def _undecided(found: SaturationOutcome, study: Saturation) -> str:
    if found.next_per_s is not None:
        return "not finished"
    if len(found.trials) >= study.most_trials:
        return f"undecided after {len(found.trials)} trials: too much noise"
    return "undecided: the trials contradict each other"


def answers_table(found: Sequence[SaturationOutcome], study: Saturation) -> Table:
    """The answer for every target, with what it rests on."""
    return Table(
        title="Saturation",
        columns=(
            *("framework", "requests/s", "bracket", "p99 ms", "CPU %"),
            *("limited by", "trials"),
        ),
        rows=tuple(map(_answer_row, found)),
        numeric=(False, True, True, True, True, False, True),
        caption=(
            f"The highest rate whose p99 latency, from the intended send time, is at most "
            f"{study.objective_s * 1e3:g} ms without a failed or unsent request. It passed at the "
            f"lower end of its bracket at least twice and failed at the upper end at least twice. "
            f"p99 and CPU (app / database / generator, % of one core) at that rate; limited by: "
            f"the resource in the first failing trial just above it."
        ),
    )


def _answer_row(outcome: SaturationOutcome) -> Row:
    told = outcome.answer
    lower = told.lower_per_s if told else None
    windows = outcome.windows(lower, "passed")
    is_answer = told is not None and told.kind != "undecided"
    return (
        TargetCell(outcome.target),
        f"{lower:,.0f}" if is_answer and lower is not None else NO_FIGURE,
        _bracket(told),
        figures(windows, "p99"),
        figures(windows, "app_cpu", "database_cpu", "generator_cpu") if windows else NO_FIGURE,
        outcome.limited_by or NO_FIGURE,
        str(len(outcome.trials)),
    )


def _bracket(told: Answer | None) -> str:
    if told is None:
        return NO_FIGURE
    ends = (told.lower_per_s, told.upper_per_s)
    low, high = (NO_FIGURE if end is None else f"{end:,.0f}" for end in ends)
    return f"{low} .. {high}"


def trials_table(found: Sequence[SaturationOutcome]) -> Table:
    """Every trial in the order made."""
    return Table(
        title="Trials",
        columns=(
            *("framework", "trial", "requests/s", "p99 ms", "late p99 ms", "unsent"),
            *("CPU %", "limited by", "outcome"),
        ),
        rows=tuple(
            _trial_row(outcome.target, number, cell, trial)
            for outcome in found
            for number, (cell, trial) in enumerate(
                zip(outcome.cells, outcome.trials, strict=True), 1
            )
        ),
        numeric=(False, *([True] * 6), False, False),
        caption=(
            "Late: how far the generator was behind its own schedule. Unjudged trials say nothing "
            "of the target."
        ),
    )


def _trial_row(target: str, number: int, cell: CellResult, trial: Trial) -> Row:
    word = f"{trial.mark}: {trial.reason}" if trial.reason else trial.mark
    word = shorten(word, _WIDEST_OUTCOME, placeholder=" ...")
    asked = (TargetCell(target), str(number), f"{trial.rate_per_s:,.0f}")
    if not cell.phases:
        return (*asked, *([NO_FIGURE] * 5), word)
    (window, *_) = cell.phases
    late = window.load.lateness
    return (
        *asked,
        figures((window,), "p99"),
        NO_FIGURE if late is None or late.p99_s is None else f"{late.p99_s * 1e3:.2f}",
        NO_FIGURE if late is None else f"{late.unsent:,}",
        figures((window,), "app_cpu", "database_cpu", "generator_cpu"),
        window.limited_by,
        word,
    )


def _starts(found: Sequence[SaturationOutcome], study: Saturation) -> str:
    known = [
        f"{outcome.target} {outcome.capacity_per_s:,.0f}"
        for outcome in found
        if outcome.capacity_per_s is not None
    ]
    return (
        f"Closed-loop capacity with {study.concurrency} connections, requests/s: "
        f"{', '.join(known) or 'none measured'}. Each search starts at "
        f"{study.start_share:.0%} of it and ends with a bracket of {study.tolerance:.0%}."
    )


# --- the answer -------------------------------------------------------------------------------


def saturation_cards(run: StoredRun) -> tuple[Card, ...]:
    """The highest rate of each target that kept the objective."""
    study = _study(run)
    return tuple(_saturation_card(outcome, study, run) for outcome in outcomes(run.record, study))


def saturation_lead(run: StoredRun) -> str:
    """What the cards of a search have in common."""
    objective_ms = _study(run).objective_s * 1e3
    return f"The highest rate whose p99 latency stays within {objective_ms:g} ms."


def saturation_cells(run: StoredRun) -> tuple[CellResult, ...]:
    """What the answers rest on: what other trials raised says nothing of them."""
    return cells_behind(outcomes(run.record, _study(run)))


def _study(run: StoredRun) -> Saturation:
    study = run.record.plan.study
    assert isinstance(study, Saturation)
    return study


def _saturation_card(outcome: SaturationOutcome, study: Saturation, run: StoredRun) -> Card:
    heading = styles_of(run.record)[outcome.target].label
    answered, note = outcome.answer, remark(outcome, study)
    sentence = f"{capitalised(note)}." if note else ""
    if answered is None or answered.kind == "undecided" or answered.lower_per_s is None:
        return Card(outcome.target, heading, "no answer", "", sentence, doubtful=True)
    upper = answered.upper_per_s
    return Card(
        outcome.target,
        heading,
        f"{answered.lower_per_s:,.0f} requests/s",
        "" if upper is None else f"Fails at {upper:,.0f} requests/s.",
        f"Limited by: {outcome.limited_by or NO_FIGURE}. {sentence}".strip(),
    )
