"""All comparable runs in a row: what belongs together, what changed, what is missing."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from rich.console import Console

from bench.analysis.history import History, Trend, history_of
from bench.model import (
    Diagnostic,
    OpenLoop,
    Placement,
    QueryCounts,
    RunRecord,
    Statement,
    Sweep,
)
from bench.report.history import history_document
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document

from .factories import cell, distribution, load_result, plan, record, role_cost, window, with_study

INVALID = Diagnostic("errors", "3 failed", "See its log.", "invalid")
TARGETS = ("fastapi", "flask")
ROUNDS = 3
TIMES = distribution([0.01] * 1000)
TIMES_ONLY = load_result(1000, 1.0, latency={"read": TIMES})


def run_at(
    number: int, *, slower: tuple[str, ...] = (), machine: float = 1.0, seed: int = 0
) -> RunRecord:
    """The `number`-th run: 2 % of noise between runs, 20 % slower for the targets in `slower`.

    `machine` slows down the app and the database alike.
    """
    rng = np.random.default_rng(1000 * seed + number)
    cells = []
    for target in TARGETS:
        speed = 0.8 if target in slower else 1.0
        level = speed / machine * float(np.exp(rng.normal(0, 0.02)))
        for turn in range(1, ROUNDS + 1):
            done = round(1000 * level * float(np.exp(rng.normal(0, 0.01))))
            measured = window(
                load=load_result(done, 1.0, latency={"read": TIMES}),
                app=role_cost(0.98),
                database=role_cost(3e-4 * done * machine),
                queries=QueryCounts((Statement("SELECT", done, done),)),
            )
            cells.append(cell(turn, target, phases=(measured,)))
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number)
    return replace(
        record(run_id=f"{at:%Y%m%d}-000000", plan=plan(targets=TARGETS, rounds=ROUNDS)),
        started_at=at.isoformat(),
        cells=tuple(cells),
    )


def trend_of(history: History, target: str, title: str = "requests/s") -> Trend:
    wanted = (target, "read", title)
    (found,) = [
        trend
        for trend in history.trends
        if (trend.target, trend.phase, trend.measure.title) == wanted
    ]
    return found


def history(runs: list[RunRecord]) -> History:
    return history_of(runs, runs[-1])


def printed(found: History) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_document(console, history_document(found))
    return console.file.getvalue()


def with_provenance(run: RunRecord, section: str, **facts: object) -> RunRecord:
    known = run.provenance.get(section, {})
    return replace(run, provenance={**run.provenance, section: {**known, **facts}})


def test_a_planted_shift_is_found_in_its_own_trend_only() -> None:
    """Flask 20 % slower from the 9th of 16 runs on: its rate and its cost say so, nobody else."""
    runs = [run_at(n, slower=("flask",) if n >= 8 else ()) for n in range(16)]
    found = history(runs)
    (rate,) = trend_of(found, "flask").changes
    assert (rate.before, rate.after) == (runs[7].run_id, runs[8].run_id)
    assert rate.word == "slower"
    assert rate.ratio.low < 0.8 < rate.ratio.high
    (cost,) = trend_of(found, "flask", "app CPU/request").changes
    assert cost.word == "dearer"
    assert cost.ratio.low < 1.25 < cost.ratio.high
    assert trend_of(found, "fastapi").changes == ()
    assert trend_of(found, "fastapi", "app CPU/request").changes == ()


def test_a_history_without_a_change_shows_none() -> None:
    """20 histories of pure noise: at most 5 % may show a change, so 4 or more would be a fault."""
    wrong = 0
    for seed in range(1, 21):
        found = history([run_at(number, seed=seed) for number in range(10)])
        wrong += any(trend.changes for trend in found.trends)
    assert wrong < 4


def test_the_error_rate_is_shared_by_all_trends() -> None:
    """Four trends that are long enough: each may use a quarter."""
    assert history([run_at(n) for n in range(6)]).error == pytest.approx(0.05 / 4)


def test_what_differed_is_told_beside_the_change() -> None:
    """The framework's new version is named, with the run that has it."""
    runs = [
        with_provenance(
            run_at(n, slower=("flask",) if n >= 8 else ()),
            "services",
            flask={"flask": "3.1.3" if n < 8 else "3.2.0"},
            fastapi={"fastapi": f"0.{n}"},
        )
        for n in range(16)
    ]
    found = history(runs)
    (change,) = trend_of(found, "flask").changes
    assert [difference.path for difference in change.differing] == [("services", "flask", "flask")]
    assert "services.flask.flask 3.1.3 -> 3.2.0" in printed(found)


def test_a_slower_machine_is_betrayed_by_its_database() -> None:
    """App and database both take 25 % longer: the change is found, and the machine is suspected."""
    found = history([run_at(n, machine=1.25 if n >= 8 else 1.0) for n in range(16)])
    (change,) = trend_of(found, "fastapi").changes
    assert change.witness == pytest.approx(1.25, rel=0.03)
    assert "(machine?)" in printed(found)


def test_runs_come_in_the_order_of_time() -> None:
    """Whatever order they were read in."""
    runs = [run_at(n) for n in (3, 1, 2)]
    points = trend_of(history_of(runs, runs[0]), "flask").points
    assert [point.run_id for point in points] == sorted(run.run_id for run in runs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda run: with_provenance(run, "machine", cpu_model="Other"), "machine.cpu_model"),
        (lambda run: with_provenance(run, "machine", identity="beef"), "machine.identity"),
        (
            lambda run: replace(run, plan=replace(run.plan, pacing=OpenLoop(100.0))),
            "plan.pacing",
        ),
        (lambda run: replace(run, plan=replace(run.plan, window_s=9.0)), "plan.window_s"),
        (
            lambda run: replace(run, placement=Placement((3,), (0,), (0,), (0,))),
            "placement.app",
        ),
        (
            lambda run: replace(
                run, plan=replace(run.plan, workloads=("read", "crud"), requests=9)
            ),
            "plan.requests",
        ),
        (lambda run: with_study(run, Sweep((1, 2))), "a sweep"),
    ],
)
def test_runs_that_are_not_comparable_are_left_out_and_told(change, reason: str) -> None:
    """Another machine, placement, pacing or window, and studies."""
    runs = [with_provenance(run_at(n), "machine", identity="cafe") for n in range(3)]
    found = history([change(runs[0]), *runs[1:]])
    assert [left_out.run_id for left_out in found.left_out] == [runs[0].run_id]
    assert reason in found.left_out[0].reason
    assert reason in printed(found)
    assert len(trend_of(found, "flask").points) == 2


def test_another_set_of_workloads_or_frameworks_belongs_to_the_same_history() -> None:
    """A run of `read` alone continues the trend of `read`."""
    wide = run_at(0)
    wide = replace(wide, plan=replace(wide.plan, workloads=("read", "list")))
    narrow = run_at(1)
    narrow = replace(
        narrow,
        plan=replace(narrow.plan, targets=("flask",)),
        cells=tuple(result for result in narrow.cells if result.target == "flask"),
    )
    found = history([wide, narrow])
    assert found.left_out == ()
    assert len(trend_of(found, "flask").points) == 2
    assert len(trend_of(found, "fastapi").points) == 1
    assert trend_of(found, "fastapi").gaps == ()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda cell: replace(cell, phases=(), unfit="it answered 500"), "unfit"),
        (
            lambda cell: replace(cell, phases=(replace(cell.phases[0], diagnostics=(INVALID,)),)),
            "valid",
        ),
        (lambda _: None, "interrupted"),
    ],
)
def test_a_failed_run_is_a_gap_and_not_a_change(spoil, reason: str) -> None:
    """Unfit, invalid, or never reached: the trend goes on without it, and says so."""
    runs = [run_at(n) for n in range(12)]
    cells = (result if result.target != "flask" else spoil(result) for result in runs[5].cells)
    runs[5] = replace(runs[5], state="interrupted", cells=tuple(filter(None, cells)))
    found = history(runs)
    flask = trend_of(found, "flask")
    assert len(flask.points) == 11
    assert [gap.run_id for gap in flask.gaps] == [runs[5].run_id]
    assert reason in flask.gaps[0].reason
    assert flask.changes == ()
    assert "+1 gap" in printed(found)


def test_a_scenario_that_failed_as_a_whole_is_a_gap_in_each_of_its_phases() -> None:
    """It has no phase to name in that run; no trend of its own is made up for it."""
    phases = tuple(window(name, load=TIMES_ONLY) for name in ("create", "read"))
    runs = [
        record(
            run_id=name,
            plan=plan(targets=("flask",), workloads=("crud",)),
            cells=(cell(1, "flask", "crud", phases=kept, unfit=unfit),),
        )
        for name, kept, unfit in (("1", phases, ""), ("2", (), "it answered 500"))
    ]
    found = [trend for trend in history(runs).trends if trend.measure.title == "requests/s"]
    assert [(trend.title, len(trend.points), len(trend.gaps)) for trend in found] == [
        ("crud: create", 1, 1),
        ("crud: read", 1, 1),
    ]


def test_few_runs_say_how_many_it_takes() -> None:
    """Neither "no change" nor a figure made up: too few."""
    text = printed(history([run_at(n) for n in range(3)]))
    assert "Too few runs to look for changes" in text
    assert "too few" in text
    assert "No change" not in text


def test_one_run_is_a_history_too() -> None:
    """It has points and no spread."""
    text = markdown(history_document(history([run_at(1)])))
    assert "History of 1 run" in text
    assert "at least 6" in text


def test_open_loops_have_trends_of_latency() -> None:
    """Their rate is given, and no figure of theirs."""
    pacing = OpenLoop(500.0)
    runs = [
        replace(
            run,
            plan=replace(run.plan, pacing=pacing),
            cells=tuple(replace(result, pacing=pacing) for result in run.cells),
        )
        for run in (run_at(1), run_at(2))
    ]
    titles = {trend.measure.title for trend in history(runs).trends}
    assert titles == {"p99 latency", "app CPU/request"}
