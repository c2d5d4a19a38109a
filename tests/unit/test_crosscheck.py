"""The crosscheck: its order, its verdicts, and how it goes on."""

import random
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from bench.analysis.stored import StoredRun
from bench.analysis.studies.crosscheck import agreements
from bench.errors import UsageError
from bench.experiment.crosscheck import (
    USERS,
    crosscheck_plan,
    crosscheck_steps,
    expected_cells,
    next_of,
    pacings,
)
from bench.experiment.plan import PROFILES, rows_to_load
from bench.load.request_source import Source
from bench.load.users.behaviour import deal
from bench.model import CellResult, LoadSpec, OpenLoop, Pacing, RunRecord, Users
from bench.report.render.markdown import markdown
from bench.report.run import run_document
from bench.report.sections.studies.crosscheck import agreement_word, outcome_words
from bench.targets import known_targets
from bench.workloads import WORKLOADS

from .factories import cell, distribution, load_result, record, role_cost, window

FLASK = tuple(target for target in known_targets() if target.name == "flask")
PLAN = crosscheck_plan(PROFILES["quick"], FLASK, rate_per_s=60.0, seed=1, rounds=4)
OURS, LOCUST = pacings(PLAN)


def one(number: int, pacing: Pacing, seconds: float, cpu_s: float, count: int = 720) -> CellResult:
    times = distribution([seconds] * (count - 10) + [seconds * 3] * 10)
    load = load_result(count, 12.0, latency={"read": times})
    return cell(
        number,
        "flask",
        "mixed",
        pacing=pacing,
        phases=(window("mixed", load=load, app=role_cost(cpu_s)),),
    )


def run(*, slower: float = 1.0, dearer: float = 1.0, fewer: int = 0) -> RunRecord:
    """Four rounds that differ a little; Locust by these factors."""
    cells = []
    for number in range(1, 5):
        wobble = 1 + number / 1000
        cells.append(one(number, OURS, 0.010 * wobble, 1.2 * wobble))
        cells.append(one(number, LOCUST, 0.010 * slower * wobble, 1.2 * dearer, 720 - fewer))
    return record(plan=PLAN, cells=tuple(cells))


def words(found: RunRecord) -> dict[str, str]:
    return {each.metric.name: agreement_word(each) for each in agreements(found)}


def test_both_send_the_same_rate_and_mix_over_as_many_rows() -> None:
    """The two generators are asked for the same load, and deal the same operations."""
    assert isinstance(OURS, OpenLoop)
    assert isinstance(LOCUST, Users)
    assert LOCUST.throughput_per_s is not None
    assert LOCUST.users * LOCUST.throughput_per_s == pytest.approx(OURS.rate_per_s)
    rows = {
        rows_to_load(replace(PLAN, pacing=pacing), WORKLOADS["mixed"])[1]
        for pacing in (OURS, LOCUST)
    }
    assert len(rows) == 1
    shares = WORKLOADS["mixed"].phases(1, 1000)[0].shares
    source = Source(LoadSpec("http://127.0.0.1:1", shares, OURS, seed=1), {})
    sent = [request.operation for request in iter(source.next, None)][:90]
    assert Counter(sent) == Counter(islice(deal(random.Random(1)), 90))


def test_the_two_take_turns_and_even_rounds_reverse_them() -> None:
    """The order is ABBA, so that a drift favours neither."""
    order = [(step.round, step.pacing.kind) for step in crosscheck_steps(PLAN)]
    assert order[:4] == [(1, "open"), (1, "users"), (2, "users"), (2, "open")]
    assert len(order) == expected_cells(PLAN) == 8


def test_a_crosscheck_goes_on_where_it_was_cut_short() -> None:
    """What is stored is not measured again, and all of it is the end."""
    cells = run().cells
    following = next_of(record(plan=PLAN))(cells[:3])
    assert following is not None
    assert (following.round, following.pacing) == (2, LOCUST) or following.pacing == OURS
    assert next_of(record(plan=PLAN))(cells) is None


def test_the_same_figures_agree() -> None:
    """Figures within their tolerance agree, and the outcome says so."""
    found = run(slower=1.02, dearer=1.01)
    assert words(found) == dict.fromkeys(("rate", "p50", "p99", "app_cost"), "agree")
    assert outcome_words(agreements(found)) == "The two generators agree on all 4 figures."


@pytest.mark.parametrize(
    ("changes", "apart"),
    [
        ({"slower": 1.5}, {"p50", "p99"}),
        ({"dearer": 1.2}, {"app_cost"}),
        ({"fewer": 72, "dearer": 0.9}, {"rate"}),
    ],
)
def test_figures_beyond_their_tolerance_disagree(changes: dict, apart: set[str]) -> None:
    """Just the figures that are apart are named."""
    found = run(**changes)
    assert {name for name, word in words(found).items() if word == "DISAGREE"} == apart
    assert "DISAGREE" in outcome_words(agreements(found))


def test_one_round_decides_nothing() -> None:
    """Without an interval there is neither agreement nor disagreement."""
    found = run()
    single = replace(found, cells=found.cells[:2])
    assert set(words(single).values()) == {"inconclusive"}
    assert "undecided" in outcome_words(agreements(single))


def test_a_window_that_must_not_be_used_is_not_compared() -> None:
    """An unfit cell makes its figures invalid."""
    found = run()
    unfit = replace(found.cells[0], phases=(), unfit="it is down")
    broken = replace(found, cells=(unfit, *found.cells[1:]))
    assert set(words(broken).values()) == {"invalid"}


def test_the_page_has_both_figures_and_the_tolerance() -> None:
    """A reader sees what was compared, and by which measure."""
    text = markdown(run_document(StoredRun(run(slower=1.5))))
    for wanted in ("60 requests/s", f"{USERS} users", "DISAGREE", "tolerance", "35%", "1.50"):
        assert wanted in text


def test_too_low_a_rate_is_a_mistake() -> None:
    """A rate that no user could keep is refused by its variable."""
    with pytest.raises(UsageError, match="RATE"):
        crosscheck_plan(PROFILES["quick"], FLASK, rate_per_s=0.5, seed=1)
