"""The sweep: its order, going on after a stop, the law in words, and what it refuses."""

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench.analysis.stored import StoredRun
from bench.analysis.studies.sweep import scalings
from bench.errors import UsageError
from bench.experiment.plan import PROFILES, turns_for
from bench.experiment.sweep import LEVELS, next_of, sweep_plan, sweep_steps
from bench.model import CellResult, ClosedLoop, Diagnostic, RunRecord, Saturation, Sweep
from bench.report.document import TargetCell
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document
from bench.report.run import run_document
from bench.store import RunStore
from bench.workloads import WORKLOADS

from .factories import THREE, cell, load_result, plan, record, tables_of, window, with_study

TARGETS = THREE
SWEEP = Sweep(LEVELS)
PLAN = sweep_plan(PROFILES["quick"], TARGETS, WORKLOADS["read"], seed=1, rounds=3)
INVALID = Diagnostic("errors", "3 failed", "See its log.", "invalid")


def law(n: int, one: float = 100, sigma: float = 0.1, kappa: float = 0.001) -> float:
    return one * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def at(
    level: int, number: int = 1, target: str = "flask", rate: float | None = None, **changes: object
) -> CellResult:
    load = load_result(100, 100 / (law(level) if rate is None else rate))
    return cell(
        number,
        target,
        pacing=ClosedLoop(level),
        phases=(window(load=load, **changes),),
    )


def swept(*cells: CellResult, **changes: object) -> RunRecord:
    run = record(**{"plan": plan(targets=("flask",)), "cells": cells, **changes})
    return with_study(run, SWEEP)


def printed(run: RunRecord) -> str:
    console = Console(file=io.StringIO(), width=160)
    print_document(console, run_document(StoredRun(run)))
    return console.file.getvalue()


def test_every_level_of_every_target_once_per_round() -> None:
    """A round visits each cell once."""
    steps = list(sweep_steps(PLAN))
    counts = Counter((s.round, target, s.pacing) for s in steps for target in s.targets)
    assert set(counts.values()) == {1}
    assert len(counts) == 3 * len(TARGETS) * len(LEVELS)
    assert [s.round for s in steps] == sorted(s.round for s in steps)
    assert {s.window_s for s in steps} == {PLAN.window_s}


def test_targets_of_a_level_take_turns() -> None:
    """What is compared is measured close together, in both orders."""
    for step in sweep_steps(PLAN):
        assert isinstance(step.pacing, ClosedLoop)
        assert step.turns == turns_for(step.pacing.concurrency, PROFILES["quick"].turn_s)
        assert step.targets == (PLAN.targets if step.round % 2 else PLAN.targets[::-1])


def test_levels_come_in_a_seeded_order() -> None:
    """Another order in every round, the same for the same seed."""

    def order(seed: int, number: int) -> tuple[int, ...]:
        seeded = replace(PLAN, seed=seed)
        return tuple(
            step.pacing.concurrency for step in sweep_steps(seeded) if step.round == number
        )

    assert order(1, 1) == order(1, 1)
    assert len({order(1, 1), order(1, 2), order(2, 1), order(3, 1)}) > 2


def test_it_goes_on_where_it_was_stopped() -> None:
    """The next step is the first that has no cell; with all cells there is none."""
    next_step = next_of(record(plan=PLAN))
    steps = list(sweep_steps(PLAN))
    cells = [
        cell(step.round, target, pacing=step.pacing, phases=())
        for step in steps
        for target in step.targets
    ]
    for done in (0, 1, 10, len(steps) - 1):
        assert next_step(cells[: done * len(TARGETS)]) == steps[done]
    assert next_step(cells) is None
    left = next_step(cells[:3] + cells[4:])
    assert left == replace(steps[1], targets=steps[1].targets[:1])


def test_the_plan_of_a_sweep() -> None:
    """Half of the profile's rounds, as each has eight levels, unless a number is asked for."""
    planned = sweep_plan(PROFILES["standard"], TARGETS, WORKLOADS["list"], seed=1)
    assert planned.rounds == PROFILES["standard"].rounds // 2
    assert PLAN.rounds == 3
    assert PLAN.workloads == ("read",)
    with pytest.raises(UsageError, match="several phases"):
        sweep_plan(PROFILES["quick"], TARGETS, WORKLOADS["crud"], seed=1)


def test_the_law_is_found_again() -> None:
    """Rates made by a law give that law."""
    (found,) = scalings(swept(*(at(level) for level in LEVELS)))
    assert found.fit.rate_of_one.value == pytest.approx(100, rel=0.01)
    assert found.fit.contention.value == pytest.approx(0.1, rel=0.01)
    assert found.fit.coherency.value == pytest.approx(0.001, rel=0.01)
    assert found.fit.peak_concurrency == pytest.approx(30, rel=0.01)


def test_levels_and_law_are_shown() -> None:
    """Rate, law and service times per level; the law's parts with what they rest on."""
    levels, fitted = tables_of(run_document(StoredRun(swept(*(at(level) for level in LEVELS)))))
    assert [row[1] for row in levels.rows] == [str(level) for level in LEVELS]
    assert levels.rows[0][:4] == (TargetCell("flask"), "1", "100", "100")
    (row,) = fitted.rows
    assert row[0] == TargetCell("flask")
    assert row[4] == "30"
    assert "±" in row[2]
    assert row[6] == "1.000"


def test_rounds_are_kept_apart_for_the_fit() -> None:
    """Every round is a point of its own."""
    cells = [at(level, number) for level in LEVELS for number in (1, 2)]
    (found,) = scalings(swept(*cells))
    assert found.fit.points == 16


def test_too_few_levels_are_refused_in_words() -> None:
    """No law from three points, and no traceback either."""
    run = swept(*(at(level) for level in (1, 2, 4)), state="interrupted")
    (found,) = scalings(run)
    assert found.fit is None
    assert "takes 4 usable concurrencies, there are 3" in found.no_fit
    for text in (printed(run), markdown(run_document(StoredRun(run)))):
        assert "there are 3" in text
        assert "interrupted: read" in text


def test_what_must_not_be_used_is_left_out_and_told() -> None:
    """An invalid, failed or unfit cell is no point of the law."""
    spoilt = (
        at(128, rate=5000, diagnostics=(INVALID,)),
        cell(1, "flask", pacing=ClosedLoop(64), phases=(), unfit="it is down"),
        cell(
            1,
            "flask",
            pacing=ClosedLoop(32),
            phases=(window(load=load_result(0, failures={"x": 9})),),
        ),
    )
    run = swept(*(at(level) for level in LEVELS[:5]), *spoilt)
    (found,) = scalings(run)
    assert found.fit.points == 5
    levels, fitted = tables_of(run_document(StoredRun(run)))
    assert "3 invalid or unfit left out" in fitted.rows[0][-1]
    assert [row[-1] for row in levels.rows[5:]] == ["not measured"] * 3
    assert "it is down" in printed(run)


def test_a_peak_outside_the_measured_range_is_called_a_guess() -> None:
    """A law without a peak, and one whose peak was not reached, say so."""
    flat = swept(*(at(n, rate=100 * n / (1 + 0.1 * (n - 1))) for n in LEVELS))
    assert "without a peak" in tables_of(run_document(StoredRun(flat)))[1].rows[0][-1]
    far = swept(*(at(n, rate=law(n, 100, 0.05, 1e-5)) for n in LEVELS))
    assert "beyond the 128 measured" in tables_of(run_document(StoredRun(far)))[1].rows[0][-1]


def test_a_poor_fit_is_called_one() -> None:
    """Rates that jump about follow no law, though one can be drawn through them."""
    run = swept(
        *(
            at(n, rate=rate)
            for n, rate in zip(LEVELS, (86, 449, 594, 440, 463, 918, 568, 181), strict=True)
        )
    )
    assert "poor fit" in tables_of(run_document(StoredRun(run)))[1].rows[0][-1]


def test_one_rate_everywhere_has_a_page() -> None:
    """The ceiling of something else: it must not break the page, whatever the fit makes of it."""
    assert "flask" in printed(swept(*(at(n, rate=100) for n in LEVELS)))
    assert "flask" in printed(swept(*(at(n, rate=100 + 1e3 * (n % 3)) for n in (1, 2, 3, 4, 5))))


def test_a_sweep_without_cells_has_a_page() -> None:
    """Interrupted before the first cell."""
    assert "Nothing was measured" in printed(swept(state="interrupted"))


@pytest.mark.parametrize("study", [SWEEP, Saturation(0.1, "constant", 20)])
def test_what_was_studied_is_stored(study: Sweep | Saturation, tmp_path: Path) -> None:
    """With the run's plan, and read back as it was."""
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(with_study(record(), study))
    read, _ = store.read()
    assert read.plan.study == study
    assert read.plan.study.words


def test_every_kind_of_run_has_its_section() -> None:
    """A stored run is rendered as what it is."""

    def names(run: RunRecord) -> set[str]:
        return {section.name for section in run_document(StoredRun(run)).sections}

    assert "scalability" in names(swept(at(1)))
    assert "saturation" in names(with_study(record(), Saturation(0.1, "constant", 20)))
    assert not {"scalability", "saturation"} & names(record())
