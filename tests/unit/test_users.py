"""Runs with users: their plan, their doubts and their report."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from bench.analysis import diagnostics
from bench.analysis.commands import commands
from bench.analysis.comparison import compare_runs
from bench.analysis.stored import StoredRun
from bench.analysis.users import points_of, users_over_time
from bench.cli.measuring import require_answered
from bench.errors import LabError, StoreError, UsageError
from bench.experiment.plan import rows_to_load
from bench.experiment.resumption import unfinished
from bench.experiment.users import users_plan
from bench.model import (
    ClosedLoop,
    Crosscheck,
    Distribution,
    Lateness,
    LoadResult,
    LocustWorker,
    Moment,
    Placement,
    RunRecord,
    Users,
    UsersResult,
)
from bench.placement import Topology, plan_placement, spare_cpus
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document
from bench.report.run import run_document
from bench.report.sections.throughput import speed_table
from bench.store import RunStore, find_run, schemas
from bench.words import NO_FIGURE
from bench.workloads import WORKLOADS

from .factories import THREE, cell, distribution, load_result, plan, record, window

PACING = Users(50, 5.0)
PLAN = users_plan(THREE, PACING, run_time_s=60.0, rounds=1, seed=1)


def moment(number: int, seconds: float = 0.010, count: int = 100, failed: int = 0) -> Moment:
    latency: Distribution = distribution([seconds] * count)
    return Moment(number, number + 1, 50, count, failed, latency)


def worker(name: str = "worker 0", **changes: object) -> LocustWorker:
    fields: dict[str, object] = {"name": name, "pid": 123, "requests": 500, "cpu_s": 3.0}
    return LocustWorker(**{"busiest_share": 0.2, **fields, **changes})  # type: ignore[arg-type]


def users_load(*workers: LocustWorker, gone: int = 0, **changes: object) -> LoadResult:
    moments = tuple(moment(number) for number in range(10))
    users = UsersResult(moments, workers or (worker("locust"),), gone)
    return load_result(users=users, **changes)


def run(*workers: LocustWorker, pacing: Users = PACING, seconds: float = 0.010) -> RunRecord:
    cells = tuple(
        cell(
            number,
            target,
            "mixed",
            pacing=pacing,
            phases=(
                window(
                    "mixed",
                    load=users_load(
                        *workers, latency={"read": distribution([seconds + number / 1e4] * 1000)}
                    ),
                ),
            ),
        )
        for number in (1, 2)
        for target in PLAN.targets
    )
    return record(plan=replace(PLAN, pacing=pacing, rounds=2), cells=cells)


# --- the plan ---------------------------------------------------------------------------------


def test_the_plan_is_that_of_the_original() -> None:
    """Each framework in turn with the mixed workload, five seconds between them."""
    assert PLAN.workloads == ("mixed",)
    assert (PLAN.window_s, PLAN.pause_s, PLAN.rounds) == (60.0, 5.0, 1)
    with pytest.raises(UsageError, match="ROUNDS"):
        users_plan(THREE, PACING, run_time_s=60.0, rounds=0, seed=1)


def test_users_need_no_rows_to_delete() -> None:
    """They delete what they have created: an hour of them loads no million rows."""
    plan = replace(PLAN, window_s=3600.0)
    assert rows_to_load(plan, WORKLOADS["mixed"]) == (plan.rows, plan.rows)
    closed = replace(plan, pacing=ClosedLoop(20))
    assert rows_to_load(closed, WORKLOADS["mixed"], 4_000)[1] > 1_000_000


def test_a_run_with_users_is_stored_like_any_other(tmp_path) -> None:
    """What is written is what is read, users and all."""
    before = run(worker(), worker("worker 1", lost_at_s=4.0))
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(before)
    for result in before.cells:
        store.append_cells((result,))
    after, torn = store.read()
    assert not torn
    assert after.cells == before.cells
    assert after.plan == before.plan


@pytest.mark.parametrize(
    ("cpus", "wanted", "spare"),
    [(2, 3, 0), (8, 3, 0), (16, 1, 1), (16, 3, 3), (16, 9, 5)],
)
def test_workers_get_idle_cores_where_there_are_some(cpus: int, wanted: int, spare: int) -> None:
    """Never one that the app, its database, the lab or the first worker uses."""
    topology = Topology(tuple(range(cpus)))
    placement = plan_placement(topology, apps_at_once=3)
    found = spare_cpus(topology, placement, wanted)
    assert len(found) == spare
    used = {*placement.app, *placement.database, *placement.generator, *placement.housekeeping}
    assert not used & set(found)


# --- doubts -----------------------------------------------------------------------------------


def codes(load: LoadResult) -> dict[str, str]:
    return {
        diagnostic.code: diagnostic.severity
        for diagnostic in diagnostics.users_off(load, load.duration_s)
    }


def test_quiet_users_raise_no_doubt_and_other_loads_have_none() -> None:
    """Doubts about Locust come from Locust's trouble only."""
    assert codes(users_load(worker(), worker("worker 1"))) == {}
    assert codes(load_result()) == {}


def test_a_worker_above_90_percent_is_client_bound() -> None:
    """The same code as for the lab's own generator; which worker is told."""
    busy = users_load(worker(), worker("worker 1", busiest_share=0.93))
    (found,) = diagnostics.users_off(busy, busy.duration_s)
    assert found.code == "client-bound"
    assert "worker 1 used 93%" in found.message
    assert "worker 0" not in found.message
    assert codes(users_load(worker(busiest_share=0.90))) == {}
    assert codes(users_load(worker(busiest_share=None))) == {}


def test_a_lost_worker_is_a_doubt_and_all_of_them_are_no_measurement() -> None:
    """One lost worker is told; without any worker the window is invalid."""
    lost = worker("worker 1", lost_at_s=12.3)
    load = users_load(worker(), lost)
    (found,) = diagnostics.users_off(load, load.duration_s)
    assert (found.code, found.severity) == ("worker-lost", "doubt")
    assert "worker 1 (pid 123) 12 s" in found.message
    assert codes(users_load(lost)) == {"worker-lost": "invalid"}


def test_items_that_are_gone_are_told() -> None:
    """Users who find each other's items deleted are a doubt."""
    assert codes(users_load(gone=3)) == {"gone": "doubt"}


def test_clocks_that_are_off_are_told_with_which_and_by_how_much() -> None:
    """A worker whose clock is off is a doubt that names it."""
    load = users_load(worker(), worker("worker 1", clock_off_s=-30.0))
    (found,) = diagnostics.users_off(load, load.duration_s)
    assert (found.code, found.severity) == ("clock-skew", "doubt")
    assert "worker 1 -30.0 s" in found.message


@pytest.mark.parametrize(
    ("duration_s", "window_s", "told"),
    [(10.5, 10, False), (11.9, 10, False), (12.1, 10, True), (65, 60, False), (67, 60, True)],
)
def test_a_window_that_lasted_much_longer_than_asked_is_told(
    duration_s: float, window_s: float, told: bool
) -> None:
    """A window far longer than asked is told, a little longer is not."""
    load = replace(users_load(), duration_s=duration_s)
    assert [diagnostic.code for diagnostic in diagnostics.users_off(load, window_s)] == [
        "overrun"
    ] * told


BEAT = Users(10, 5.0, throughput_per_s=2.0)


@pytest.mark.parametrize(
    ("late_s", "unsent", "duration_s", "expected"),
    [
        (0.0009, 0, 10.0, {}),
        (0.004, 0, 10.0, {"late-sending": "doubt"}),
        (0.008, 0, 10.0, {"late-sending": "invalid"}),
        (0.0009, 40, 12.0, {"unsent": "doubt"}),
        (0.0009, 60, 12.0, {"unsent": "invalid"}),
        (0.0009, 0, 12.0, {"behind": "doubt"}),
    ],
)
def test_users_with_a_beat_are_judged_like_an_open_loop(
    late_s: float, unsent: int, duration_s: float, expected: dict[str, str]
) -> None:
    """For 10 s requests came due, and took 10 ms each. Remedies are those of users."""
    times = distribution([late_s] * 1000)
    lateness = Lateness(late_s, late_s, late_s, 0, unsent, times, due_s=10.0)
    latency = {"read": distribution([0.010] * 1000)}
    load = replace(users_load(latency=latency), duration_s=duration_s, lateness=lateness)
    assert load.succeeded == 1000
    found = diagnostics.open_loop_off(load, BEAT)
    assert {diagnostic.code: diagnostic.severity for diagnostic in found} == expected
    assert not any("RATE" in diagnostic.remedy for diagnostic in found)
    assert diagnostics.open_loop_off(load, PACING) == ()


def test_remedies_exist_for_the_verb_that_made_the_window() -> None:
    """The remedy names a variable that the user's command has."""
    load = load_result(0, latency={})
    for pacing, study, named in (
        (PACING, None, "RUN_TIME="),
        (PACING, Crosscheck(), "PROFILE="),
        (ClosedLoop(20), None, "PROFILE="),
    ):
        (found,) = diagnostics.too_few_samples(load, plan(pacing=pacing, study=study).longer)
        assert named in found.remedy


# --- the report -------------------------------------------------------------------------------


def test_the_course_joins_moments_without_losing_any() -> None:
    """Rates over the joined time, percentiles of all their requests together."""
    moments = [moment(n, 0.010 if n < 5 else 0.050, failed=n == 7) for n in range(10)]
    two = points_of(moments, 2)
    assert [(point.from_s, point.to_s, point.rate_per_s) for point in two] == [
        (0, 5, 100),
        (5, 10, 100),
    ]
    assert [point.failures_per_s for point in two] == [0, 0.2]
    assert [point.p99_s for point in two] == [
        pytest.approx(0.010, rel=1e-3),
        pytest.approx(0.050, rel=1e-3),
    ]
    (point,) = points_of(moments, 1)
    assert point.p50_s == pytest.approx(0.010, rel=1e-3)
    assert point.p95_s == pytest.approx(0.050, rel=1e-3)
    assert points_of([], 5) == ()


def test_few_requests_have_no_percentile() -> None:
    """A moment with five requests has no p99, nor a p50."""
    (point,) = points_of([moment(0, count=5)], 1)
    assert (point.p50_s, point.p99_s) == (None, None)


def test_every_window_has_its_course() -> None:
    """The course over time has each window of each round."""
    found = users_over_time(run())
    assert [(course.round, course.target) for course in found] == [
        (number, target) for number in (1, 2) for target in PLAN.targets
    ]
    assert {len(course.points) for course in found} == {5}


def test_points_have_enough_requests_for_a_p95_where_they_can() -> None:
    """Moments with 100 requests each are joined by two; never to fewer than a few points."""
    assert {
        point.p95_s is not None for course in users_over_time(run()) for point in course.points
    } == {True}
    few = tuple(moment(number, count=5) for number in range(12))
    load = load_result(users=UsersResult(few, (worker(),)))
    sparse = record(plan=PLAN, cells=(cell(1, "flask", "mixed", phases=(window(load=load),)),))
    assert [len(course.points) for course in users_over_time(sparse)] == [6]


def test_the_page_tells_of_users_and_their_processes() -> None:
    """On the terminal and as Markdown: speed, cost, operations, the course, the lost worker."""
    pacing = replace(PACING, workers=2)
    found = run(worker(), worker("worker 1", lost_at_s=12.0), pacing=pacing)
    document = run_document(StoredRun(found))
    text = markdown(document)
    for wanted in (
        "50 users, 5 started per s, a pause of 1-3 s each, 2 Locust workers",
        *("## Speed", "## Cost", "## Operations", "## Verdicts", "## Over time"),
        *("response time", "LOST after 12 s", "worker 1"),
    ):
        assert wanted in text
    assert "service time" not in text
    console = Console(file=io.StringIO(), width=120)
    print_document(console, document)
    assert isinstance(console.file, io.StringIO)
    assert "Locust's processes" in console.file.getvalue()


def test_an_interrupted_run_and_an_unfit_target_have_a_page_too() -> None:
    """A page says what is missing, and why."""
    empty = record(plan=PLAN, cells=(), state="interrupted")
    assert "interrupted" in markdown(run_document(StoredRun(empty)))
    unfit = record(plan=PLAN, cells=(cell(1, "flask", "mixed", phases=(), unfit="it is down"),))
    assert "it is down" in markdown(run_document(StoredRun(unfit)))


def test_runs_with_users_are_compared_by_response_time_and_cost() -> None:
    """Not by their rate, which follows from the users' pauses."""
    rows = compare_runs(run(), replace(run(seconds=0.020), run_id="later")).rows
    assert {row.measure.title for row in rows} == {"p99 response time", "app CPU/request"}
    slower = [row for row in rows if row.is_regression]
    assert {row.measure.title for row in slower} == {"p99 response time"}


def test_other_users_are_no_base_for_a_comparison() -> None:
    """Runs with other numbers of users are refused by that name."""
    with pytest.raises(UsageError, match=r"plan\.pacing\.users"):
        compare_runs(run(), replace(run(pacing=replace(PACING, users=60)), run_id="later"))


# --- services on another machine --------------------------------------------------------------


OLD = Path(__file__).parent / "report" / "run-elsewhere"
"""What a lab stored that made no run of users of services elsewhere."""


def run_elsewhere(**changes: object) -> RunRecord:
    """Users of services on another machine: nobody saw what those used."""
    unseen = {"app": None, "database": None, "app_cpus": None, "queries": None, "limited_by": ""}
    cells = tuple(
        replace(
            measured,
            phases=tuple(
                replace(window, **unseen)  # type: ignore[arg-type]
                for window in measured.phases
            ),
        )
        for measured in run(**changes).cells  # type: ignore[arg-type]
    )
    plan = replace(PLAN, rounds=2, target_host="lab")
    nowhere = Placement(app=(), database=(), generator=(0, 1), housekeeping=(0, 1))
    return record(plan=plan, cells=cells, placement=nowhere, supervisor="", provenance={})


def test_a_run_of_services_elsewhere_is_stored_like_any_other(tmp_path) -> None:
    """In the published form, without the figures that nobody saw."""
    before = run_elsewhere()
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(before)
    store.append_cells(before.cells)
    after, torn = store.read()
    assert not torn
    assert after.cells == before.cells
    published = schemas()
    jsonschema.validate(
        json.loads(store.record.read_text()), json.loads(published["run.schema.json"])
    )
    for line in store.rounds.read_text().splitlines():
        jsonschema.validate(json.loads(line), json.loads(published["cell.schema.json"]))


def test_what_services_elsewhere_cost_is_told_nowhere() -> None:
    """All else is: times, operations, verdicts by time, and where the services were."""
    text = markdown(run_document(StoredRun(run_elsewhere())))
    for wanted in ("services at lab", "## Speed", "## Operations", "## Verdicts", "response time"):
        assert wanted in text
    assert "CPU/request" not in text
    assert "## Cost" not in text
    assert "Supervisor" not in text
    assert list(commands(run_elsewhere()))[-1].endswith("TARGET_HOST=lab")


def test_runs_of_services_elsewhere_are_compared_with_their_like() -> None:
    """By time alone; with a run of services here not at all."""
    rows = compare_runs(run_elsewhere(), replace(run_elsewhere(seconds=0.020), run_id="later")).rows
    assert {row.measure.title for row in rows} == {"p99 response time"}
    assert all(row.is_regression for row in rows)
    here = replace(run_elsewhere(), plan=replace(PLAN, rounds=2), run_id="later")
    with pytest.raises(UsageError, match=r"plan\.target_host"):
        compare_runs(run_elsewhere(), here)


def test_what_was_stored_before_there_was_a_run_is_read_as_one(tmp_path) -> None:
    """It is listed, found and shown, with what its users saw; to go on with it is refused."""
    shutil.copytree(OLD, tmp_path / OLD.name)
    store = find_run(tmp_path, OLD.name)
    found, torn = store.read()
    assert not torn
    (only,) = found.cells
    (window,) = only.phases
    stored = json.loads((OLD / "elsewhere.json").read_text())
    (use,) = stored["uses"]
    assert (only.target, window.load.succeeded) == (use["target"], use["load"]["succeeded"])
    told = [diagnostic["code"] for diagnostic in use["diagnostics"]]
    assert [diagnostic.code for diagnostic in window.diagnostics] == told
    assert (window.app, window.database, window.generator) == (None, None, None)
    assert found.plan.target_host == stored["target_host"]
    assert found.started_at == only.started_at == "2026-11-29T09:14:26.551+00:00"
    with pytest.raises(UsageError, match=r"make locust .*TARGET_HOST"):
        unfinished(store)


@pytest.mark.parametrize("text", ["{ torn", "[]", "{}", '{"uses": [{}]}', '{"uses": 3}'])
def test_a_torn_file_of_the_old_form_is_told(tmp_path, text: str) -> None:
    """As any other."""
    (tmp_path / "elsewhere.json").write_text(text)
    with pytest.raises(StoreError, match=r"elsewhere\.json"):
        RunStore(tmp_path).read()


def test_times_of_nothing_are_no_figure() -> None:
    """Where every request failed there is no time either."""
    load = replace(load_result(0, latency={}), failures={"status 500": 3})
    cells = (cell(1, "flask", "mixed", pacing=PACING, phases=(window("mixed", load=load),)),)
    (row,) = speed_table(record(plan=PLAN, cells=cells)).rows
    assert row[2:8] == ("0", *[NO_FIGURE] * 3, "0/3", "3")


# --- how it ends ------------------------------------------------------------------------------


def test_a_window_without_an_answer_is_no_success() -> None:
    """Not even when nothing failed in it, or when its failures would be put up with."""
    silent = load_result(0, latency={})
    for load in (silent, replace(silent, failures={"timeout": 3})):
        with pytest.raises(LabError, match="without a single answer in some window: flask"):
            require_answered({"fastapi": [load_result()], "flask": [load_result(), load]}, 10)


def test_failures_are_put_up_with_up_to_the_number_that_was_named() -> None:
    """One more is a failure of the command."""
    load = replace(load_result(), failures={"status 500": 3})
    with pytest.raises(LabError, match="3 requests failed"):
        require_answered({"flask": [load]}, 2)
    require_answered({"flask": [load]}, 3)
    require_answered({"flask": [load_result()]}, 0)
