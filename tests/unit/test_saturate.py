"""The search for saturation: how a trial is judged, the turns, the answer in words."""

import io
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from bench.analysis.stored import StoredRun
from bench.analysis.studies.saturation import REFUSED, judge, outcome, outcomes, unmeasured
from bench.errors import UsageError
from bench.experiment.plan import PROFILES
from bench.experiment.saturate import make_saturation, next_of, saturation_plan, trial_window_s
from bench.experiment.schedule import Step
from bench.model import (
    CellResult,
    ClosedLoop,
    Diagnostic,
    Lateness,
    OpenLoop,
    RunRecord,
    Saturation,
)
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document
from bench.report.run import run_document
from bench.workloads import WORKLOADS

from .factories import (
    THREE,
    cell,
    distribution,
    load_result,
    notes_of,
    record,
    tables_of,
    window,
    with_study,
)

STUDY = Saturation(0.1, "constant", 20)
TARGETS = THREE
PLAN = saturation_plan(PROFILES["quick"], TARGETS, WORKLOADS["read"], STUDY, seed=1)
ALONE = saturation_plan(PROFILES["quick"], TARGETS[1:2], WORKLOADS["read"], STUDY, seed=1)
CAPACITY = {"fastapi": 1600.0, "flask": 1000.0, "drf": 650.0}
Measure = Callable[[Step], CellResult]


def lateness(p99_s: float = 0.0001, max_s: float = 0.001, unsent: int = 0) -> Lateness:
    return Lateness(p50_s=0.00005, p99_s=p99_s, max_s=max_s, late=0, unsent=unsent)


def trial(
    rate: float = 500,
    p99_s: float = 0.02,
    target: str = "flask",
    number: int = 2,
    count: int = 1000,
    late: Lateness | None = None,
    failures: dict[str, int] | None = None,
    **changes: object,
) -> CellResult:
    load = load_result(
        count,
        count / rate,
        latency={"read": distribution([p99_s] * count)},
        lateness=late or lateness(),
        failures=failures or {},
    )
    return cell(number, target, pacing=OpenLoop(rate), phases=(window(load=load, **changes),))


def capacity(target: str = "flask") -> CellResult:
    rate = CAPACITY[target]
    return cell(
        1, target, pacing=ClosedLoop(20), phases=(window(load=load_result(1000, 1000 / rate)),)
    )


def measured(step: Step, holds: Callable[[float], bool]) -> CellResult:
    """A cell as it would come from a target that holds its objective at these rates."""
    (target,), number = step.targets, step.round
    if isinstance(step.pacing, ClosedLoop):
        return capacity(target)
    rate = step.pacing.rate_per_s
    p99_s, limited_by = (0.02, "waiting") if holds(rate) else (0.5, "app core")
    return trial(rate, p99_s, target, number, limited_by=limited_by)


def searched(holds: Callable[[str, float], bool], plan=PLAN, study=STUDY) -> list[CellResult]:
    next_step, cells = next_of(record(plan=replace(plan, study=study))), []
    while (step := next_step(cells)) is not None:
        cells.append(measured(step, lambda rate, name=step.targets[0]: holds(name, rate)))
        assert cells[-1].round == step.round
    return cells


def run_of(cells: list[CellResult], plan=ALONE, **changes: object) -> RunRecord:
    return with_study(record(plan=plan, cells=tuple(cells), **changes), STUDY)


def printed(run: RunRecord) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_document(console, run_document(StoredRun(run)))
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("measured", "mark", "reason"),
    [
        (trial(), "passed", ""),
        (trial(p99_s=0.1), "passed", ""),
        (trial(p99_s=0.11), "failed", "p99 110 ms"),
        (trial(failures={"status 500": 3}), "failed", "3 requests failed"),
        (trial(late=lateness(unsent=7)), "failed", "7 requests could not be sent"),
        # A limit of the machine is nothing that a service fails of.
        (trial(failures={"EMFILE": 3}), "unjudged", "this machine kept 3 requests from"),
        (trial(failures={"EMFILE": 3, "reset": 2}), "failed", "2 requests failed"),
        # A late generator spoils a trial, whether it would have passed or not ...
        (trial(late=lateness(p99_s=0.02)), "unjudged", "generator-bound: it sent 20.0 ms late"),
        (trial(p99_s=0.11, late=lateness(0.02, 0.03)), "unjudged", "generator-bound"),
        # ... unless its lateness cannot explain the latency.
        (trial(p99_s=0.5, late=lateness(0.02, 0.03, 9)), "failed", "p99 500 ms"),
        (trial(late=lateness(0.02, 0.03), failures={"reset": 1}), "failed", "1 requests failed"),
        (trial(count=300), "unjudged", "only 300 requests"),
        (
            trial(diagnostics=(Diagnostic("clock", "the clock ran backwards", "", "invalid"),)),
            "unjudged",
            "the clock ran backwards",
        ),
        (trial(diagnostics=(Diagnostic("steal", "steal", "", "doubt"),)), "passed", ""),
        (
            cell(2, pacing=OpenLoop(500), phases=(), unfit=f"{REFUSED}: 2.1 s behind\nits log"),
            "unjudged",
            REFUSED,
        ),
    ],
)
def test_how_a_trial_is_judged(measured: CellResult, mark: str, reason: str) -> None:
    """A target fails for its own faults; what gave way beside it leaves it unjudged."""
    judged = judge(measured, 0.1)
    assert judged.mark == mark
    assert reason in judged.reason
    assert "its log" not in judged.reason
    assert judged.rate_per_s == 500


def test_each_target_finds_its_own_rate() -> None:
    """Three thresholds, three brackets around them, from stored cells alone."""
    truth = {"fastapi": 1500.0, "flask": 930.0, "drf": 700.0}
    cells = searched(lambda name, rate: rate <= truth[name])
    for search in outcomes(run_of(cells, PLAN), STUDY):
        assert search.answer.kind == "found"
        assert search.answer.lower_per_s <= truth[search.target] < search.answer.upper_per_s
        assert search.answer.upper_per_s == pytest.approx(1.03 * search.answer.lower_per_s)
        assert search.limited_by == "app core"
        assert search.next_per_s is None


def test_targets_take_turns() -> None:
    """First all capacities, then trial by trial; neighbours in time, in ABBA order."""
    cells = searched(lambda _name, rate: rate <= 500)
    assert all(isinstance(result.pacing, ClosedLoop) for result in cells[:3])
    assert all(isinstance(result.pacing, OpenLoop) for result in cells[3:])
    assert [result.target for result in cells[:3]] == list(PLAN.targets)
    assert [result.target for result in cells[3:6]] == list(PLAN.targets)[::-1]
    assert [result.round for result in cells] == sorted(result.round for result in cells)


def test_the_search_starts_below_the_capacity() -> None:
    """At a rate that most services can hold."""
    step = next_of(record(plan=ALONE))([capacity()])
    assert step.pacing.rate_per_s == pytest.approx(800)
    assert step.round == 2


def test_a_stopped_search_goes_on() -> None:
    """Nothing but the stored cells is needed."""
    cells = searched(lambda _name, rate: rate <= 900, ALONE)
    next_step = next_of(record(plan=ALONE))
    for done in range(len(cells)):
        step = next_step(cells[:done])
        assert (step.round, step.pacing) == (cells[done].round, cells[done].pacing)
    told = run_of(cells[:4], state="interrupted")
    assert "not finished" in printed(told)
    assert "Run 20261122-100000, interrupted" in printed(told)


def test_the_answer_is_shown_with_what_it_rests_on() -> None:
    """Rate, bracket, p99, CPU and limit; every trial beneath."""
    run = run_of(searched(lambda _name, rate: rate <= 890, ALONE))
    document = run_document(StoredRun(run))
    answers, trials = tables_of(document)
    ((name, rate, bracket, p99, cpu, limited_by, count),) = answers.rows
    low, high = (float(end) for end in bracket.split(" .. "))
    assert (str(name), limited_by) == ("flask", "app core")
    assert notes_of(document) == []
    assert low <= 890 < high
    assert float(rate) == low
    assert p99 == "20.0"
    assert cpu.count("/") == 2
    assert int(count) == len(trials.rows)
    for text in (printed(run), markdown(document)):
        assert "failed: p99 500 ms" in text
        assert "80%" in text.replace("80 %", "80%")


def test_noise_is_told() -> None:
    """A search whose trials contradict its answer says how many did, or that it cannot decide."""
    dice = random.Random(3)
    cells = searched(lambda _name, rate: (rate <= 900) != (dice.random() < 0.3), ALONE)
    found = outcome(STUDY, "flask", cells)
    assert found.next_per_s is None
    assert found.answer.contradictions
    text = printed(run_of(cells))
    assert "contradict" in text or "undecided" in text


def test_the_generators_own_end_is_not_the_targets() -> None:
    """When the generator cannot keep a rate, the answer says that nothing is known above."""

    def one_cell(step: Step) -> CellResult:
        if isinstance(step.pacing, ClosedLoop):
            return capacity()
        if step.pacing.rate_per_s > 900:
            unfit = cell(step.round, pacing=step.pacing, phases=(), unfit=f"{REFUSED}: 2 s behind")
            return replace(unfit, refused=True)
        return trial(step.pacing.rate_per_s, number=step.round)

    next_step, cells = next_of(record(plan=ALONE)), []
    while (step := next_step(cells)) is not None:
        cells.append(one_cell(step))
    found = outcome(STUDY, "flask", cells)
    assert found.answer.kind == "unjudged above"
    assert found.answer.lower_per_s <= 900 < found.answer.upper_per_s
    text = printed(run_of(cells))
    assert "above it nothing is known" in text
    assert REFUSED in text


@pytest.mark.parametrize(("threshold", "words"), [(0, "no rate down to"), (1e9, "at every rate")])
def test_no_boundary_in_reach(threshold: float, words: str) -> None:
    """Both ends of the range are told as what they are."""
    assert words in printed(run_of(searched(lambda _name, rate: rate <= threshold, ALONE)))


def test_a_target_that_is_down_ends_its_own_search_only() -> None:
    """Twice unfit is enough; the others go on."""

    def one_cell(step: Step) -> CellResult:
        if step.targets == ("drf",) and step.round > 2:
            return cell(step.round, "drf", pacing=step.pacing, phases=(), unfit="drf: it is down")
        return measured(step, lambda rate: rate <= 900)

    next_step, cells = next_of(record(plan=PLAN)), []
    while (step := next_step(cells)) is not None:
        cells.append(one_cell(step))
    fastapi, flask, drf = outcomes(run_of(cells, PLAN), STUDY)
    assert (fastapi.answer.kind, flask.answer.kind) == ("found", "found")
    assert len(drf.trials) == 3
    assert "given up: drf: it is down" in printed(run_of(cells, PLAN))


def test_without_a_capacity_there_is_no_search() -> None:
    """A target that is unfit from the start has a row that says so."""
    cells = [cell(1, "flask", pacing=ClosedLoop(20), phases=(), unfit="it is down")]
    assert next_of(record(plan=ALONE))(cells) is None
    assert "nowhere to start" in printed(run_of(cells))


def test_a_trial_is_long_enough() -> None:
    """For a p99 at the rate asked, and for a queue to grow beyond the objective."""
    assert trial_window_s(PLAN, STUDY, 10_000) == pytest.approx(4.0)
    assert trial_window_s(PLAN, STUDY, 100) == pytest.approx(6.2)
    assert trial_window_s(PLAN, Saturation(5.0, "constant", 20), 1000) == 30.0


def test_what_can_be_asked_for() -> None:
    """Mistakes are refused in words."""
    assert make_saturation(100, "poisson") == Saturation(0.1, "poisson", 20)
    with pytest.raises(UsageError, match="OBJECTIVE_MS"):
        make_saturation(0.5, "constant")
    with pytest.raises(UsageError, match="arrivals"):
        make_saturation(100, "sometimes")
    with pytest.raises(UsageError, match="several phases"):
        saturation_plan(PROFILES["quick"], TARGETS, WORKLOADS["crud"], STUDY, seed=1)


def test_targets_without_an_answer_of_their_own_fault_are_named() -> None:
    """Unfit where the search would start, or given up; a rate that nothing holds is an answer."""
    never = [cell(1, "fastapi", pacing=ClosedLoop(20), phases=(), unfit="it is down")]
    unfit = [cell(n, "flask", pacing=OpenLoop(800), phases=(), unfit="it died") for n in (2, 3)]
    slow = [result for result in searched(lambda *_: False) if result.target == "drf"]
    run = run_of([*never, capacity(), *unfit, *slow], PLAN)
    assert unmeasured(outcomes(run, STUDY)) == ("fastapi", "flask")
    refused = [replace(result, refused=True) for result in unfit]
    run = run_of([*never, capacity(), *refused, *slow], PLAN)
    assert unmeasured(outcomes(run, STUDY)) == ("fastapi",)
