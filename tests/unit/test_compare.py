"""Two runs set against each other: verdicts, what forbids it, what weakens it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bench.analysis.comparison import RunComparison, compare_runs
from bench.analysis.differences import differences
from bench.errors import UsageError
from bench.model import (
    CellResult,
    CpuTimes,
    Diagnostic,
    OpenLoop,
    Placement,
    QueryCounts,
    RunRecord,
    Statement,
    Sweep,
)
from bench.report.comparison import comparison_document, diagnostics, machine_drift, weakness
from bench.report.document import Diagnostics
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document
from bench.report.words import better_or_worse

from .factories import cell, distribution, load_result, plan, record, role_cost, window, with_study

JITTER = (1.0, 1.003, 0.998, 1.001)
DRIFT = Diagnostic("clock-drift", "the work took longer", "Measure again.")
DOUBT = Diagnostic("load", "others run here", "Stop them.")
INVALID = Diagnostic("errors", "3 failed", "See its log.", "invalid")
PLAN = plan(targets=("flask", "drf"), rounds=4)


def measured(
    number: int,
    target: str,
    speed: float = 1.0,
    cost: float = 1.0,
    drift: float = 1.0,
    **changes: object,
) -> CellResult:
    """Rate x speed; app CPU per request x cost; database CPU per request x drift."""
    done = round(10_000 * speed * JITTER[number % 4])
    fields = {
        "load": load_result(done, 10.0, latency={"read": distribution([0.01])}),
        "app": role_cost(1.9e-3 * done * cost * JITTER[(number + 1) % 4]),
        "database": role_cost(5e-4 * done * drift),
        "queries": QueryCounts((Statement("SELECT", 2 * done, 2 * done),)),
    }
    return cell(number, target, phases=(window(**{**fields, **changes}),))


def run_of(run_id: str = "base", rounds: int = 4, **how: object) -> RunRecord:
    cells = tuple(
        measured(number, target, **how)
        for number in range(1, rounds + 1)
        for target in PLAN.targets
    )
    return record(run_id=run_id, plan=PLAN, cells=cells)


def edited(run: RunRecord, section: str, **facts: object) -> RunRecord:
    changed = {**run.provenance, section: {**run.provenance[section], **facts}}
    return replace(run, provenance=changed)


def notes_on(found: RunComparison) -> list[str]:
    """What weakens a comparison beside its being one across time."""
    return [diagnostic.message for diagnostic in diagnostics(found)]


def printed(found: RunComparison) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_document(console, comparison_document(found))
    return console.file.getvalue()


BASE = run_of()


def test_a_run_compared_with_its_equal() -> None:
    """Rate and cost of every target are indistinguishable; nothing differs."""
    found = compare_runs(BASE, run_of("head"))
    assert [(row.target, row.measure.title) for row in found.rows] == [
        ("flask", "requests/s"),
        ("flask", "app CPU/request"),
        ("drf", "requests/s"),
        ("drf", "app CPU/request"),
    ]
    assert {row.verdict.kind for row in found.rows} == {"indistinguishable"}
    assert found.regressions == found.lost == found.inconclusive == found.differences == ()
    assert not found.fails
    assert "No regression beyond 2% was found." in printed(found)
    assert "The runs were made under the same conditions." in printed(found)


def test_a_slower_head_is_a_regression() -> None:
    """A tenth fewer requests: slower, with the ratio head / base."""
    found = compare_runs(BASE, run_of("head", speed=0.9))
    assert [better_or_worse(row.verdict.kind, row.measure) for row in found.rows] == [
        "slower",
        "indistinguishable",
        "slower",
        "indistinguishable",
    ]
    assert len(found.regressions) == 2
    assert found.rows[0].ratio.point == pytest.approx(0.9, rel=1e-3)
    assert "REGRESSION beyond 2%: flask read: slower (requests/s 0.900 x)" in printed(found)


def test_a_dearer_head_is_a_regression() -> None:
    """The same rate for a tenth more CPU: the rate hides it where something else is the limit."""
    found = compare_runs(BASE, run_of("head", cost=1.1))
    assert [better_or_worse(row.verdict.kind, row.measure) for row in found.rows[:2]] == [
        "indistinguishable",
        "dearer",
    ]
    assert found.rows[1].ratio.point == pytest.approx(1.1, rel=1e-3)
    assert found.rows[1].ratio.low < 1.1 < found.rows[1].ratio.high
    assert len(found.regressions) == 2


def test_better_is_no_regression() -> None:
    """Faster and cheaper are told, and do not fail a gate."""
    found = compare_runs(BASE, run_of("head", speed=1.2, cost=0.8))
    words = {better_or_worse(row.verdict.kind, row.measure) for row in found.rows}
    assert words == {"faster", "cheaper"}
    assert found.regressions == ()


def test_the_threshold_decides() -> None:
    """Five per cent slower is no regression beyond ten."""
    head = run_of("head", speed=0.95)
    assert compare_runs(BASE, head, 0.02).regressions
    assert not compare_runs(BASE, head, 0.10).regressions


def test_what_is_not_known_is_not_called_clean() -> None:
    """Undecided rows are counted: a gate that passes for want of rounds must say so."""
    found = compare_runs(BASE, run_of("head", rounds=1, speed=0.5))
    assert {row.verdict.kind for row in found.rows} == {"inconclusive"}
    assert found.regressions == ()
    text = printed(found)
    assert "4 of 4 rows are inconclusive" in text
    assert "single round" in text
    assert "at least 2" in text


def test_invalid_cells_make_invalid_rows() -> None:
    """They are neither used nor dropped."""
    head = run_of("head")
    spoilt = measured(2, "flask", diagnostics=(INVALID,))
    cells = tuple(spoilt if (c.round, c.target) == (2, "flask") else c for c in head.cells)
    found = compare_runs(BASE, replace(head, cells=cells))
    assert [row.verdict.kind for row in found.rows[:2]] == ["invalid", "invalid"]
    assert "invalid: head in round 2" in printed(found)


def test_the_machines_drift_is_told() -> None:
    """Everything dearer, the database too: the machine is suspect, and the reader must know."""
    quiet = compare_runs(BASE, run_of("head"))
    assert "no sign of drift" in weakness(quiet)
    drifted = compare_runs(BASE, run_of("head", speed=0.7, cost=1.4, drift=1.4))
    assert drifted.rows[0].witness == pytest.approx(1.4, rel=1e-3)
    assert "THE MACHINE HAS CHANGED" in weakness(drifted)
    assert "weaker evidence" in printed(drifted)
    assert "! 1.40" in printed(drifted)


def test_a_changed_machine_is_a_doubt_in_every_form() -> None:
    """Not a sentence among others: it is marked, with what to do about it."""
    quiet = compare_runs(BASE, run_of("head"))
    assert machine_drift(quiet) is None
    drifted = compare_runs(BASE, run_of("head", drift=1.4))
    assert machine_drift(drifted) is not None
    (outcome, *_) = comparison_document(drifted).sections
    marked = [
        diagnostic
        for block in outcome.blocks
        if isinstance(block, Diagnostics)
        for diagnostic in block.found
    ]
    assert (machine_drift(drifted), 1) in marked
    assert not any("weaker evidence" in getattr(block, "text", "") for block in outcome.blocks)
    assert "doubt: Two runs at different times" in printed(drifted)
    assert "**machine-drift**" in markdown(comparison_document(drifted))


def test_the_doubts_of_both_runs_are_told() -> None:
    """A comparison is worth what its runs are: their doubts by code and count, notes left out."""
    machine = (DOUBT, Diagnostic("turbo", "turbo is on", "make tune", "note"))
    head = replace(run_of("head", diagnostics=(DRIFT,)), diagnostics=machine)
    spoilt = measured(2, "flask", diagnostics=(INVALID,))
    cells = tuple(spoilt if (c.round, c.target) == (2, "flask") else c for c in head.cells)
    found = compare_runs(BASE, replace(head, cells=cells))
    told = [note for note in notes_on(found) if "has diagnostics" in note]
    assert told == [
        "head (head) has diagnostics: errors (invalid), load, clock-drift 7 times. "
        "Its own report has the remedies."
    ]


def test_only_common_workloads_are_compared() -> None:
    """A run that measured more is compared by what both have, and the rest is told."""
    head = with_plan(run_of("head"), workloads=("read", "list"))
    found = compare_runs(BASE, head)
    assert {row.workload for row in found.rows} == {"read"}
    assert "Missing in base, and not compared: workload list." in notes_on(found)


def test_a_witness_must_have_been_asked_the_same() -> None:
    """More statements per request cost the database more, on any machine."""
    changed = QueryCounts((Statement("SELECT", 60_000, 1),))
    other = compare_runs(BASE, run_of("head", queries=changed))
    assert {row.witness for row in other.rows} == {None}
    assert "There is no witness" in weakness(other)
    silent = compare_runs(run_of(queries=None), run_of("head", queries=None))
    assert {row.witness for row in silent.rows} == {None}


def test_versions_and_settings_are_told() -> None:
    """As old -> new, and they forbid nothing: they are what one compares for."""
    head = run_of("head")
    head = edited(head, "services", flask={"python": "3.13.0", "flask": "3.2.0"})
    head = edited(head, "databases", flask={"server_version": "18.7"})
    head = edited(head, "source", git_commit="def456", git_dirty=True)
    found = compare_runs(BASE, head)
    assert [str(difference) for difference in found.differences] == [
        "source.git_commit: abc123 -> def456",
        "source.git_dirty: False -> True",
        "services.flask.flask: 3.1.3 -> 3.2.0",
        "databases.flask.server_version: 18.6 -> 18.7",
    ]
    text = printed(found)
    assert "3.2.0" in text
    assert "uncommitted changes" in text


def with_plan(run: RunRecord, **changes: object) -> RunRecord:
    return replace(run, plan=replace(run.plan, **changes))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (edited(run_of("head"), "machine", cpu_model="Other CPU"), "Test CPU -> Other CPU"),
        (edited(run_of("head"), "machine", cpus_online=8), "machine.cpus_online: 2 -> 8"),
        (replace(run_of("head"), supervisor="systemd"), "process -> systemd"),
        (replace(run_of("head"), placement=Placement((2,), (0,), (0,), (0,))), "placement.app"),
        (replace(run_of("head"), schema_version=1), "schema_version: 2 -> 1"),
        (with_plan(run_of("head"), window_s=5.0), "plan.window_s: 1.0 -> 5.0"),
        (replace(run_of("head"), method=BASE.method + 1), "method: 1 -> 2"),
        (with_plan(run_of("head"), rows=5), "plan.rows: 1000 -> 5"),
    ],
)
def test_what_forbids_a_comparison(head: RunRecord, words: str) -> None:
    """Another host, placement or load: refused with the reason, unless one insists."""
    with pytest.raises(UsageError, match="cannot be compared") as refused:
        compare_runs(BASE, head)
    assert words in refused.value.message
    assert "FORCE=1" in refused.value.remedy
    forced = compare_runs(BASE, head, force=True)
    assert forced.blocking
    assert any(note.startswith("FORCED") for note in notes_on(forced))
    assert " no" in printed(forced)


def test_another_pacing_forbids_it() -> None:
    """Twenty connections and fifty are two questions."""
    fifty = replace(PLAN.pacing, concurrency=50)
    head = run_of("head")
    cells = tuple(replace(result, pacing=fifty) for result in head.cells)
    with pytest.raises(UsageError, match=r"plan\.pacing\.concurrency: 20 -> 50"):
        compare_runs(BASE, replace(with_plan(head, pacing=fifty), cells=cells))


def test_the_contract_must_be_the_same() -> None:
    """Its fingerprint forbids when it differs, and is missed when it is not there."""
    base = edited(BASE, "source", openapi_sha256="aaa")
    head = run_of("head")
    with pytest.raises(UsageError, match="openapi_sha256: aaa -> bbb"):
        compare_runs(base, edited(head, "source", openapi_sha256="bbb"))
    assert any(
        "fingerprint was not recorded" in note for note in notes_on(compare_runs(base, head))
    )
    same = compare_runs(base, edited(head, "source", openapi_sha256="aaa"))
    assert not any("fingerprint" in note for note in notes_on(same))


def test_the_number_of_requests_forbids_only_where_it_is_used() -> None:
    """It ends the phases of crud, and nothing else."""
    head = with_plan(run_of("head"), requests=50)
    assert [difference.blocking for difference in differences(BASE, head)] == [False]
    crud = with_plan(BASE, workloads=("crud",))
    head = with_plan(crud, requests=50)
    assert [difference.blocking for difference in differences(crud, head)] == [True]
    both = with_plan(head, workloads=("read", "crud"))
    told = {difference.name: difference.blocking for difference in differences(BASE, both)}
    assert told == {"plan.workloads": False, "plan.requests": False}


def test_what_always_differs_is_not_told() -> None:
    """The seed and the load of the moment say nothing."""
    head = replace(
        with_plan(run_of("head"), seed=99),
        provenance={**BASE.provenance, "load_before": {"processes": 7}},
    )
    assert differences(BASE, head) == ()


def without(run: RunRecord, target: str) -> RunRecord:
    kept = tuple(result for result in run.cells if result.target != target)
    return replace(run, plan=replace(run.plan, targets=("flask", "fastapi")), cells=kept)


def test_a_target_that_the_head_lacks_does_not_pass() -> None:
    """Nothing is known of it. It passes when the comparison is asked of the others alone."""
    head = without(run_of("head"), "drf")
    found = compare_runs(BASE, head)
    assert found.fails
    assert "BROKEN" in printed(found)
    assert "drf read (not measured in head)." in printed(found)
    assert "Missing in base, and not compared: target fastapi." in notes_on(found)
    flask = compare_runs(BASE, head, targets=("flask",))
    assert {row.target for row in flask.rows} == {"flask"}
    assert not flask.fails
    with pytest.raises(UsageError, match="has not measured fastapi"):
        compare_runs(BASE, head, targets=("fastapi",))


def test_a_workload_that_the_head_lacks_does_not_pass() -> None:
    """Likewise: it passes when only the others are asked for."""
    more = tuple(replace(result, workload="list") for result in BASE.cells)
    base = replace(with_plan(BASE, workloads=("read", "list")), cells=(*BASE.cells, *more))
    found = compare_runs(base, run_of("head"))
    assert {row.workload for row in found.lost} == {"list"}
    assert found.fails
    read = compare_runs(base, run_of("head"), workloads=("read",))
    assert not read.fails
    assert not any("Missing" in note for note in notes_on(read))


def spoilt(run: RunRecord, *rounds: int, target: str = "flask", **how: object) -> RunRecord:
    """The run with these rounds of a target measured otherwise."""
    cells = [
        measured(result.round, target, **how)
        if result.target == target and result.round in rounds
        else result
        for result in run.cells
    ]
    return replace(run, cells=tuple(cells))


def down(run: RunRecord) -> RunRecord:
    cells = (
        replace(result, phases=(), unfit="it is down") if result.target == "drf" else result
        for result in run.cells
    )
    return replace(run, cells=tuple(cells))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (
            spoilt(run_of("head"), 2, diagnostics=(INVALID,)),
            "flask read (invalid: head in round 2)",
        ),
        (down(run_of("head")), "drf read (invalid: head in round 1, 2, 3, 4)"),
        (
            replace(run_of("head"), cells=run_of("head").cells[::2]),
            "drf read (not measured in head)",
        ),
    ],
)
def test_a_broken_head_does_not_pass(head: RunRecord, words: str) -> None:
    """Failing, unfit or never reached: what cannot be judged any more is no clean result."""
    found = compare_runs(BASE, head)
    assert found.fails
    assert not found.regressions
    assert words in printed(found)
    assert "No regression" not in printed(found)


def test_a_regression_beside_a_broken_target_is_told_too() -> None:
    """Neither hides the other."""
    text = printed(compare_runs(BASE, down(run_of("head", speed=0.9))))
    assert "REGRESSION beyond 2%: flask read" in text
    assert "BROKEN" in text


def test_what_was_broken_in_the_base_already_is_no_fault_of_the_head() -> None:
    """Its rows say nothing, and are counted apart from those with too few rounds."""
    base = spoilt(BASE, 2, diagnostics=(INVALID,))
    for head in (run_of("head"), spoilt(run_of("head"), 1, 3, diagnostics=(INVALID,))):
        found = compare_runs(base, head)
        assert not found.fails
        assert len(found.void) == 2
        assert "2 of 4 rows say nothing: invalid windows, not by head's fault." in printed(found)


@pytest.mark.parametrize(
    ("code", "fails"), [("cpu-quota", False), ("late-sending", False), ("errors", True)]
)
def test_a_noisy_neighbour_fails_no_head(code: str, fails: bool) -> None:
    """A round that machine or generator spoilt says nothing; one that the head did fails."""
    told = Diagnostic(code, "spoilt", "Measure again.", "invalid")
    found = compare_runs(BASE, spoilt(run_of("head"), 2, diagnostics=(told,)))
    assert found.fails is fails
    assert len(found.lost) == (2 if fails else 0)
    assert len(found.void) == (0 if fails else 2)


@pytest.mark.parametrize(
    ("foreign_share", "steal_share", "fails"),
    [(0.05, 0.0, True), (0.6, 0.0, False), (0.0, 0.6, False), (0.3, 0.3, False)],
)
def test_who_was_crowded_out_is_not_at_fault_for_standing_still(
    foreign_share: float, steal_share: float, fails: bool
) -> None:
    """Where others had the app's core, nobody could answer; failed requests are failed."""
    still = Diagnostic("stood-still", "5 s longer", "See the logs.", "invalid")
    cpus = CpuTimes(busy_s=9.0, steal_s=10 * steal_share, foreign_s=10 * foreign_share)
    head = spoilt(run_of("head"), 2, diagnostics=(still,), app_cpus=cpus)
    assert compare_runs(BASE, head).fails is fails
    failed = spoilt(run_of("head"), 2, diagnostics=(still, INVALID), app_cpus=cpus)
    assert compare_runs(BASE, failed).fails


def test_a_base_without_a_valid_figure_lets_nothing_pass() -> None:
    """A gate that compares with nothing would pass everything."""
    base = spoilt(spoilt(BASE, 2, diagnostics=(INVALID,)), 2, target="drf", diagnostics=(INVALID,))
    found = compare_runs(base, run_of("head"))
    assert found.fails
    assert "NOTHING COMPARED" in printed(found)


def test_a_rate_of_the_generators_own_is_not_compared() -> None:
    """Its cost is: CPU time per request holds whatever the limit was."""
    found = compare_runs(BASE, spoilt(run_of("head"), 1, 2, 3, 4, limited_by="generator"))
    rate, cost, *_ = found.rows
    assert rate.verdict.reason == "generator-bound: head in round 1, 2, 3, 4"
    assert cost.verdict.kind == "indistinguishable"
    assert found.fails
    assert "flask read, requests/s (generator-bound" in printed(found)


def test_a_rate_that_something_else_limited_is_marked() -> None:
    """The verdict stands, and the reader knows that it is not one of cores."""
    found = compare_runs(BASE, spoilt(run_of("head"), 1, 2, 3, limited_by="database"))
    assert found.rows[0].elsewhere == {"head": "database"}
    assert found.rows[1].elsewhere == found.rows[2].elsewhere == {}
    assert "indistinguishable *" in printed(found)
    assert "something else than the app's core" in printed(found)


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.0, 5.0, float("nan"), float("inf")])
def test_a_threshold_that_is_no_share_is_refused(threshold: float) -> None:
    """5 was meant as 5 %, and is not taken for 500 %."""
    with pytest.raises(UsageError, match="is no share") as refused:
        compare_runs(BASE, BASE, threshold)
    assert refused.value.remedy == "E.g. 0.05 for 5 %."


def test_an_interrupted_run_is_told() -> None:
    """Its rounds are used, and the reader knows."""
    found = compare_runs(replace(BASE, state="interrupted"), run_of("head"))
    assert "base (base) is interrupted, not complete." in notes_on(found)


def test_a_run_is_not_compared_with_itself() -> None:
    """It would always pass the gate."""
    with pytest.raises(UsageError, match="are one run, base"):
        compare_runs(BASE, BASE)


def test_nothing_in_common_is_refused() -> None:
    """A comparison without rows would always be clean."""
    with pytest.raises(UsageError, match="nothing in common"):
        compare_runs(BASE, without(without(run_of("head"), "drf"), "flask"))
    with pytest.raises(UsageError, match="nothing in common"):
        compare_runs(BASE, replace(run_of("head"), cells=()))


def test_only_benches_are_compared() -> None:
    """A sweep's cells belong to their concurrencies."""
    with pytest.raises(UsageError, match="is a sweep, not a bench"):
        compare_runs(BASE, with_study(run_of("head"), Sweep((1, 2))))


def test_an_open_loop_is_compared_by_latency_and_cost() -> None:
    """Its rate is given."""
    pacing = OpenLoop(200)

    def open_run(run_id: str, p99_s: float) -> RunRecord:
        cells = tuple(
            cell(
                number,
                "flask",
                pacing=pacing,
                phases=(
                    window(
                        load=load_result(
                            latency={"read": distribution([p99_s * JITTER[number]] * 1000)}
                        )
                    ),
                ),
            )
            for number in (1, 2, 3)
        )
        return record(run_id=run_id, plan=replace(PLAN, pacing=pacing), cells=cells)

    found = compare_runs(open_run("base", 0.01), open_run("head", 0.02))
    assert [row.measure.title for row in found.rows] == ["p99 latency", "app CPU/request"]
    (row,) = found.regressions
    assert row.ratio.point == pytest.approx(2, rel=0.01)


def test_a_comparison_is_derived_from_records_alone() -> None:
    """Both ways to show it say the same, and nothing in it needs the runs once more."""
    found = compare_runs(BASE, run_of("head", speed=0.9))
    text = markdown(comparison_document(found))
    for words in ("# Run head compared with base", "REGRESSION", "weaker evidence"):
        assert words in text
    assert (found.base.run_id, found.head.run_id) == ("base", "head")


def test_rows_fit_a_pipe() -> None:
    """No figure is cut at the width that files and pipes get."""
    assert "…" not in printed(compare_runs(BASE, run_of("head", speed=0.9)))
