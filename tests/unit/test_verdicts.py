"""Verdicts of one run: every pair, every phase, one family; nothing doubtful is used."""

from dataclasses import replace

import pytest

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.judging import PhaseVerdict
from bench.analysis.measures import COST, LATENCY, RATE, inverse, measures_of, speeds_of
from bench.analysis.precision import narrow_enough
from bench.analysis.stored import StoredRun
from bench.analysis.validity import unequal_workers
from bench.analysis.verdicts import verdicts
from bench.model import AB, CellResult, Diagnostic, Estimate, OpenLoop, RunRecord
from bench.report.document import Table
from bench.report.sections.verdicts import verdict_tables
from bench.words import interval_words, plain

from .factories import cell, distribution, load_result, plan, record, role_cost, window

SPEEDS = {"fastapi": 1600, "flask": 1000, "drf": 995}
JITTER = (1.0, 1.004, 0.997, 1.002, 0.999, 1.001)
INVALID = Diagnostic("errors", "3 failed", "See its log.", "invalid")
ALL_THREE = plan(rounds=6)


def measured(number: int, target: str, succeeded: int = 1000, **changes: object) -> CellResult:
    return cell(number, target, phases=(window(load=load_result(succeeded), **changes),))


def whole_run() -> list[CellResult]:
    """Six rounds: fastapi 1.6 x the others, which are alike. Each drifts in its own small way."""
    return [
        measured(number, target, round(SPEEDS[target] * JITTER[(number + shift) % 6]))
        for number in range(1, 7)
        for shift, target in enumerate(SPEEDS)
    ]


def run_of(cells: list[CellResult], **changes: object) -> RunRecord:
    return record(**{"plan": ALL_THREE, "cells": tuple(cells), **changes})


def of_main(run: RunRecord) -> tuple[PhaseVerdict, ...]:
    """The verdicts by the run's main measure."""
    main = measures_of(run.plan)[0]
    return tuple(comparison for comparison in verdicts(run) if comparison.measure == main)


def main_table(run: RunRecord) -> Table:
    return verdict_tables(run)[0]


def test_a_closed_loop_is_judged_by_rate_and_by_cost() -> None:
    """What one core buys and what a request costs: each in a table of its own, in its own words."""
    run = run_of(whole_run())
    found = verdicts(run)
    assert [comparison.measure for comparison in found] == [RATE] * 3 + [COST] * 3
    rate, cost = verdict_tables(run)
    assert (rate.title, cost.title) == ("Verdicts: requests/s", "Verdicts: app CPU/request")
    assert [row[2] for row in rate.rows] == ["faster", "faster", "indistinguishable"]
    assert [row[2] for row in cost.rows] == ["cheaper", "cheaper", "indistinguishable"]


def test_every_pair_of_every_phase_has_a_verdict() -> None:
    """Pairs come in plan order, so that a reader finds them where the other tables have them."""
    found = of_main(run_of(whole_run()))
    assert [
        (comparison.title, comparison.verdict.subject, comparison.verdict.reference)
        for comparison in found
    ] == [
        ("read", "fastapi", "flask"),
        ("read", "fastapi", "drf"),
        ("read", "flask", "drf"),
    ]
    assert [comparison.verdict.kind for comparison in found] == [
        "faster",
        "faster",
        "indistinguishable",
    ]


def test_the_whole_table_is_one_family() -> None:
    """A second workload makes the intervals of the first one wider."""
    cells = whole_run()
    twice = [*cells, *(cell(c.round, c.target, "list", phases=c.phases) for c in cells)]
    few = of_main(run_of(cells))
    many = of_main(run_of(twice, plan=plan(rounds=6, workloads=("read", "list"))))
    assert len(many) == 6
    assert many[0].verdict.ratio.level > few[0].verdict.ratio.level


def test_rounds_are_paired() -> None:
    """A machine whose speed wanders by a factor of two does not hide a steady ratio."""
    wander = (1.0, 0.5, 0.9, 0.6, 1.1, 0.7)
    cells = [
        measured(number, target, round(SPEEDS[target] * wander[number - 1]))
        for number in range(1, 7)
        for target in ("fastapi", "flask")
    ]
    (only,) = of_main(run_of(cells, plan=plan(targets=("fastapi", "flask"), rounds=6)))
    assert only.verdict.kind == "faster"
    assert only.verdict.ratio.point == pytest.approx(1.6, rel=0.01)


@pytest.mark.parametrize(
    "spoilt",
    [
        measured(2, "flask", diagnostics=(INVALID,)),
        measured(2, "flask", 0),
        cell(2, "flask", phases=(), unfit="it is down"),
    ],
)
def test_a_cell_that_must_not_be_used_makes_its_comparisons_invalid(spoilt: CellResult) -> None:
    """It is not left out: dropping what does not fit is how benchmarks lie."""
    cells = [c for c in whole_run() if (c.round, c.target) != (2, "flask")]
    found = of_main(run_of([*cells, spoilt]))
    assert [comparison.verdict.kind for comparison in found] == ["invalid", "faster", "invalid"]
    (row, _, _) = main_table(run_of([*cells, spoilt])).rows
    assert row == ("read", "fastapi against flask", "invalid: flask in round 2", "–", "–")


@pytest.mark.parametrize("flask", [{"workers": 1}, {}, 7])
def test_services_with_another_number_of_workers_are_not_compared(flask: object) -> None:
    """Whatever has made it so; who does not say, or has as many, is compared as ever."""
    settings = {"fastapi": {"workers": 4}, "flask": flask, "drf": {"workers": 1}}
    run = run_of(whole_run(), provenance={"settings": settings})
    found = {
        (phase.verdict.subject, phase.verdict.reference): phase.verdict for phase in of_main(run)
    }
    spoilt = {pair for pair, verdict in found.items() if verdict.kind == "invalid"}
    known = {"drf"} | ({"flask"} if flask == {"workers": 1} else set())
    assert spoilt == {pair for pair in found if "fastapi" in pair and known & {*pair}}
    assert all("workers: " in found[pair].reason for pair in spoilt)
    [told] = [
        raised for raised, _ in diagnostics_of(StoredRun(run)) if raised.code == "unequal-workers"
    ]
    assert told.severity == "invalid"
    assert "fastapi 4" in told.message


def test_the_sides_of_an_ab_may_differ_in_their_workers() -> None:
    """It is what was asked for: and equal ones are nothing to tell."""
    settings = {"fastapi": {"workers": 4}, "flask": {"workers": 1}}
    run = run_of(whole_run(), provenance={"settings": settings})
    assert unequal_workers(run) == {"fastapi": 4, "flask": 1}
    assert unequal_workers(replace(run, plan=replace(run.plan, study=AB((), (8,))))) == {}
    equal = {name: {"workers": 1} for name in settings}
    assert unequal_workers(replace(run, provenance={"settings": equal})) == {}


def test_rates_of_the_generators_own_make_no_verdict() -> None:
    """A and B both as fast as the generator are not alike: nothing is known of either."""
    cells = [measured(c.round, c.target, limited_by="generator") for c in whole_run()]
    found = of_main(run_of(cells))
    assert {comparison.verdict.kind for comparison in found} == {"invalid"}
    assert found[0].verdict.reason.startswith("generator-bound: fastapi in round 1, 2, 3, 4, 5, 6")
    mixed = [measured(1, "flask", 0), *[c for c in cells if (c.round, c.target) != (1, "flask")]]
    assert of_main(run_of(mixed))[0].verdict.reason.startswith("invalid or generator-bound: ")


@pytest.mark.parametrize("limit", ["database", "other processes", "hypervisor"])
def test_a_verdict_says_where_something_else_than_the_app_was_the_limit(limit: str) -> None:
    """Where the database filled its core, the ratio is one of databases: marked and explained.
    So is one of what others left of the app's core.
    """
    cells = [
        measured(
            c.round,
            c.target,
            c.phases[0].load.succeeded,
            limited_by=limit if c.target == "fastapi" and c.round < 5 else "app core",
        )
        for c in whole_run()
    ]
    table = main_table(run_of(cells))
    assert [row[2] for row in table.rows] == ["faster *", "faster *", "indistinguishable"]
    assert "something else than the app's core" in table.caption
    assert of_main(run_of(cells))[0].elsewhere == {"fastapi": limit}
    assert "*" not in main_table(run_of(whole_run())).caption


def test_what_the_table_says_of_its_intervals_is_what_is_kept() -> None:
    """Holm bounds wrong verdicts; no promise is made for all intervals at once."""
    caption = main_table(run_of(whole_run())).caption
    assert "At most 5% of such tables hold a wrong verdict" in caption
    assert "that all intervals hold at once is not said" in caption


def test_a_target_unfit_in_every_round() -> None:
    """With no window at all the workload itself stands for its phase."""
    cells = [
        cell(number, target, phases=(), unfit="it is down")
        for number in (1, 2)
        for target in SPEEDS
    ]
    assert {
        (comparison.title, comparison.verdict.kind) for comparison in of_main(run_of(cells))
    } == {("read", "invalid")}


def test_phases_of_a_scenario_are_judged_apart() -> None:
    """The four phases of crud are four questions."""
    phases = tuple(window(name) for name in ("create", "read"))
    cells = [
        cell(number, target, "crud", phases=phases)
        for number in (1, 2)
        for target in ("flask", "drf")
    ]
    found = of_main(run_of(cells, plan=plan(workloads=("crud",), targets=("flask", "drf"))))
    assert [comparison.title for comparison in found] == ["crud: create", "crud: read"]


def test_one_round_is_inconclusive_and_says_what_it_takes() -> None:
    """A single round has no spread: no interval, no verdict."""
    table = main_table(run_of([c for c in whole_run() if c.round == 1]))
    assert table.rows[0][1:] == (
        "fastapi is 1.61 x flask (one round)",
        "inconclusive",
        "–",
        "at least 2",
    )


def test_rows_in_words() -> None:
    """The comparison can be read aloud; the interval is the one behind the verdict."""
    first, _, third = main_table(run_of(whole_run())).rows
    assert first[1].startswith("fastapi is 1.60 x flask [1.5")
    assert first[2:] == ("faster", "<0.001", "–")
    assert third[2] == "indistinguishable"


def test_an_inconclusive_verdict_says_how_many_rounds_it_takes() -> None:
    """A ratio near the threshold asks for patience, in a number."""
    rates = {1: (1030, 1000), 2: (1000, 1000), 3: (1045, 1000)}
    cells = [
        measured(number, target, rate)
        for number, pair in rates.items()
        for target, rate in zip(("flask", "drf"), pair, strict=True)
    ]
    (row,) = main_table(run_of(cells, plan=plan(targets=("flask", "drf")))).rows
    assert row[2] == "inconclusive"
    assert row[4].startswith(("about ", "over "))


def test_an_interval_of_two_wild_rounds_is_not_spelt_out() -> None:
    """Beyond a thousandfold the digits of an end say nothing more."""
    assert interval_words(Estimate(1.5, 1e-15, 2e17, 0.95, 2)) == "1.50 [<0.001, >1,000]"
    assert interval_words(Estimate(1.62, 1.55, 1.7, 0.95, 3)) == "1.62 [1.55, 1.70]"


def test_an_unfinished_round_is_told() -> None:
    """The cell that has no partner yet is left out, and the caption says so."""
    cells = [*whole_run(), measured(7, "fastapi")]
    assert "left out" in main_table(run_of(cells)).caption
    assert "left out" not in main_table(run_of(whole_run())).caption


def test_one_target_alone_has_no_verdicts() -> None:
    """There is nothing to compare, and no row pretends otherwise."""
    assert verdict_tables(run_of([cell()], plan=plan(targets=("flask",)))) == ()


def open_loop_cells(flask_s: float, drf_s: float, count: int = 1000) -> list[CellResult]:
    return [
        cell(
            number,
            target,
            pacing=OpenLoop(200),
            phases=(
                window(
                    load=load_result(
                        latency={"read": distribution([seconds + number / 1e5] * count)}
                    )
                ),
            ),
        )
        for number in (1, 2, 3)
        for target, seconds in (("flask", flask_s), ("drf", drf_s))
    ]


def test_an_open_loop_is_judged_by_latency() -> None:
    """The rate is given there; twice the latency is slower, and is shown as 2, not as a half."""
    run = run_of(
        open_loop_cells(0.020, 0.010),
        plan=plan(targets=("flask", "drf"), pacing=OpenLoop(200)),
    )
    (row,) = main_table(run).rows
    assert row[1].startswith("flask is 2.00 x drf")
    assert row[2] == "slower"
    assert "p99" in main_table(run).caption


def test_windows_too_short_for_a_percentile_are_no_evidence() -> None:
    """They are neither invalid nor used, and the caption says from where on they are."""
    run = run_of(
        open_loop_cells(0.020, 0.010, count=100),
        plan=plan(targets=("flask", "drf"), pacing=OpenLoop(200)),
    )
    (row,) = main_table(run).rows
    assert row[1:3] == ("flask against drf", "inconclusive")
    assert "windows under 500 requests have no p99" in main_table(run).caption


def test_cells_of_another_pacing_are_not_mixed_in() -> None:
    """What was measured at another concurrency is another cell."""
    other = [cell(c.round, c.target, phases=c.phases, pacing=OpenLoop(5)) for c in whole_run()]
    assert of_main(run_of(whole_run())) == of_main(run_of([*other, *whole_run()]))


def test_costs_are_judged_by_their_inverse() -> None:
    """Less is better, and the words say so."""
    assert speeds_of({1: window(app=role_cost(2.0))}, COST) == {1: pytest.approx(1000 / 2e6)}
    assert speeds_of({1: None, 2: window()}, RATE) == {1: None, 2: 500.0}
    assert COST.inverted
    assert LATENCY.inverted
    assert not RATE.inverted
    turned = inverse(Estimate(2.0, 1.0, 4.0, 0.95, 3))
    assert (turned.point, turned.low, turned.high) == (0.5, 0.25, 1.0)
    unbounded = inverse(Estimate(2.0, 0.0, float("inf"), 0.95, 1))
    assert (unbounded.low, unbounded.high) == (0.0, float("inf"))


@pytest.mark.parametrize(
    ("number", "words"),
    [(0.98765, "0.988"), (1.6234, "1.62"), (12.34, "12.3"), (4120.4, "4,120")],
)
def test_numbers_have_three_figures(number: float, words: str) -> None:
    """Enough to read a ratio, not enough to believe in noise."""
    assert plain(number) == words


def test_windows_too_short_for_their_figure_say_so() -> None:
    """More rounds would have no p99 either: neither is their number told, nor are they added."""
    pacing = OpenLoop(100)
    cells = [
        cell(number, target, pacing=pacing, phases=(window(load=load_result(200)),))
        for number in (1, 2)
        for target in SPEEDS
    ]
    asked = plan(rounds=2, pacing=pacing, rounds_limit=60, half_width=0.03)
    run = run_of(cells, plan=asked)
    for comparison in of_main(run):
        assert comparison.verdict.kind == "inconclusive"
        assert "no window has enough requests for its p99" in comparison.verdict.reason
    assert {row[-1] for row in main_table(run).rows} == {"longer windows"}
    assert "under 500 requests" in main_table(run).caption
    assert narrow_enough(run)
