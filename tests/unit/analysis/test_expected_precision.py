"""What a run promises, and what it held."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis.expected_precision import (
    ELSEWHERE,
    LOOKED_AT,
    expected_half_width,
    promise,
    ratio_precisions,
    spread_of,
)
from bench.model import METHOD, OpenLoop, RunRecord, Sweep, Turns
from bench.report.facts import held_words, promise_words

from ..factories import cell, load_result, plan, record, role_cost, window

ROOT = Path(__file__).parents[3]


def run(*log_ratios: float, **changes: object) -> RunRecord:
    """A run of two targets whose rates and costs differ by these log ratios, round by round."""

    def measured(number: int, target: str, log_ratio: float) -> object:
        requests = round(100_000 * math.exp(log_ratio))
        load = load_result(succeeded=1, duration_s=2.0)
        load = replace(load, succeeded=requests)
        return cell(number, target, phases=(window(load=load, app=role_cost(1.9)),))

    cells = [
        measured(number, target, log_ratio if target == "flask" else 0.0)
        for number, log_ratio in enumerate(log_ratios, 1)
        for target in ("flask", "drf")
    ]
    turned = plan(targets=("flask", "drf"), rounds=max(2, len(log_ratios)), turns=Turns(0.1, 0.025))
    return record(cells=tuple(cells), plan=turned, method=METHOD, **changes)


def test_a_spread_is_the_deviation_of_log_ratios_between_rounds() -> None:
    """By rate and by cost; what comes of it is the interval that the run itself has."""
    found = run(0.0, 0.1, 0.2)
    assert spread_of(found) == pytest.approx({"rate": 0.1, "app_cost": 0.1}, rel=1e-3)
    (rate, cost) = ratio_precisions(found)
    assert (rate.measure.title, cost.measure.title) == ("requests/s", "app CPU/request")
    assert rate.typical == rate.widest == pytest.approx(expected_half_width(0.1, 3), rel=1e-3)
    assert rate.ratios == 1


def test_a_promise_comes_from_the_latest_runs_like_it() -> None:
    """Those of another method, machine or length say nothing; of many, the median counts."""
    new = run()
    alike = [
        run(0.0, run_id=f"run-{number}", spread={"rate": number / 100}) for number in range(1, 8)
    ]
    others = [
        replace(alike[0], method=METHOD - 1),
        replace(alike[0], plan=replace(alike[0].plan, window_s=99.0)),
        replace(alike[0], supervisor="systemd"),
        replace(alike[0], spread={}),
    ]
    made = promise(new, [*others, *alike])
    assert made is not None
    assert made.runs == tuple(f"run-{number}" for number in range(1, LOOKED_AT + 1))
    assert made.half_widths == {"rate": expected_half_width(0.03, new.plan.rounds)}


def test_without_runs_like_it_others_are_told_of() -> None:
    """The nearest length that is known; for a load of which nothing is known, nothing."""
    new = run()
    longer = replace(new, plan=replace(new.plan, window_s=3.0))
    made = promise(longer, [])
    assert made is not None
    assert made.runs == ()
    spreads = ELSEWHERE[max(ELSEWHERE)]
    assert made.half_widths["rate"] == expected_half_width(spreads["rate"], longer.plan.rounds)
    open_loop = replace(new.plan, pacing=OpenLoop(100.0), turns=None)
    assert promise(replace(new, plan=open_loop), []) is None


@pytest.mark.parametrize(
    "changes", [{"targets": ("flask",)}, {"rounds": 1}, {"study": Sweep((1, 2))}]
)
def test_a_run_without_intervals_promises_nothing(changes: dict[str, object]) -> None:
    """One target, one round, or figures that are no bench's."""
    new = run()
    assert promise(replace(new, plan=replace(new.plan, **changes)), []) is None  # type: ignore[arg-type]


def test_more_rounds_promise_more() -> None:
    """Student's factor and the root of the rounds, on the scale of the ratio."""
    assert expected_half_width(0.05, 6) == pytest.approx(math.exp(2.5706 * 0.05 / 6**0.5) - 1, 1e-4)
    assert expected_half_width(0.05, 12) < expected_half_width(0.05, 6)


def test_a_run_says_what_it_promises_and_what_it_held() -> None:
    """In a sentence each, by both measures, with where the promise came from."""
    found = run(0.0, 0.1, 0.2)
    assert promise_words(found) == ""
    assert held_words(found).startswith("A typical ratio is known to ± 28.2% by requests/s (")
    promising = replace(found, promise=promise(found, [replace(found, spread={"rate": 0.05})]))
    assert promise_words(promising) == (
        "From an earlier run on this machine, a typical ratio of two targets will be known to "
        "± 13.2% by requests/s after 3 rounds"
    )
    assert held_words(promising).endswith(
        "Promised was ± 13.2% by requests/s, from an earlier run on this machine."
    )
    assert promise_words(replace(found, promise=promise(found, []))).startswith(
        "From what other machines showed"
    )


def test_a_promise_of_a_whole_and_more_is_none() -> None:
    """Beyond 100 % the figure would say nothing, so it is not told."""
    found = run(0.0, 0.1, 0.2)
    restless = replace(found, promise=promise(found, [replace(found, spread={"rate": 2.0})]))
    assert "known to no better than ± 100% by requests/s" in promise_words(restless)


def test_the_table_in_the_method_is_that_of_the_code() -> None:
    """Who reads what other machines showed reads what a promise is made from."""
    told = (ROOT / "docs" / "method.md").read_text()
    rows = {
        float(counted_s): {"rate": float(rate) / 100, "app_cost": float(cost) / 100}
        for counted_s, rate, cost in re.findall(
            r"^\| ([\d.]+) s of each in a round \| ([\d.]+) % \| ([\d.]+) % \|", told, re.MULTILINE
        )
    }
    assert rows == ELSEWHERE
