"""Explaining a cost: ladders, their order, what their differences say, and what is refused."""

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bench.analysis.commands import commands
from bench.analysis.explain import DATA, GROUPS, LAYERS, bills, explained, group_of, unexplained
from bench.analysis.stored import StoredRun
from bench.errors import SetupError, UsageError
from bench.experiment.explain import explain_plan, lab_for, ladder_of, next_of, steps, told_of
from bench.experiment.plan import PROFILES
from bench.model import CellResult, Diagnostic, Plan, RunRecord, Target, TargetRecord
from bench.report.document import Prose
from bench.report.render.terminal import print_document
from bench.report.run import run_document
from bench.store import RunStore
from bench.targets import explanation_of, known_targets, select_targets
from bench.workloads import OPERATIONS, WORKLOADS

from .factories import THREE, cell, load_result, record, role_cost, window

REGISTRY = known_targets()
EXPLAINED = [target for target in REGISTRY if explanation_of(target) and target.mode == "standard"]
LOAD = load_result(1000)
LAYER_COSTS = {
    "server": 100.0,
    "framework": 200.0,
    "threads": 30.0,
    "validation": 150.0,
    "driver": 80.0,
    "core": 60.0,
    "orm": 300.0,
    "serializers": 120.0,
    "check": 40.0,
    "data": 250.0,
}
"""What each layer costs in made-up runs, in microseconds; `data` is the tuned service's."""


def plan_of(*names: str, operations: tuple[str, ...] = ("read",), **options: object) -> Plan:
    return explain_plan(
        PROFILES["quick"],
        REGISTRY,
        select_targets(REGISTRY, names),
        tuple(WORKLOADS[name] for name in operations),
        **{"seed": 1, "rounds": 3, **options},  # type: ignore[arg-type]
    )


def run_of(plan: Plan, costs: dict[str, float] | None = None, speed: float = 0.2) -> RunRecord:
    """A run in which each layer costs what it is said to; each round's machine is slower."""
    costs = costs or LAYER_COSTS
    cells = []
    for ladder in plan.study.ladders:  # type: ignore[union-attr]
        for number in range(1, plan.rounds + 1):
            slower = 1 + speed * (number - 1)
            sums: dict[tuple[str, str], float] = {}
            for chain in (ladder.rungs, ladder.tuned):
                so_far = 0.0
                for rung in chain:
                    so_far += costs[rung.layer]
                    sums.setdefault((rung.target, rung.workload), so_far)
            cells += [
                measured(number, *of, us=us * slower, ladder=ladder.name) for of, us in sums.items()
            ]
    targets = tuple(
        TargetRecord(name, name, name.split("-")[0], "standard", "core") for name in plan.targets
    )
    return record(plan=plan, cells=tuple(cells), targets=targets)


def measured(number: int, target: str, workload: str, us: float, ladder: str) -> CellResult:
    phase = window(
        workload, load=load_result(1000), app=role_cost(us / 1e3), database=role_cost(0.1)
    )
    return cell(number, target, workload, phases=(phase,), ladder=ladder)


def without(target: Target, *rungs: str) -> object:
    told = told_of(target)
    kept = {name: rung for name, rung in told.rungs.items() if name not in rungs}
    return replace(told, rungs=kept, threads=told.threads if told.threads in kept else None)


# --- ladders ----------------------------------------------------------------------------------


def test_the_three_frameworks_can_be_explained() -> None:
    """Each has an engine of its server, all rungs, and advice whose files are there."""
    assert [target.name for target in EXPLAINED if target.name == target.framework] == [
        target.name for target in THREE
    ]
    for target in THREE:
        told = told_of(target)
        assert set(told.rungs) == {"driver", "core", "orm", "unchecked"}
        assert next(known for known in REGISTRY if known.name == told.server).mode == "engine"
        for advice in told.advice:
            assert advice.layer in LAYERS
            for path in advice.where:
                assert (target.directory / path).is_file(), path


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("target", THREE, ids=lambda target: target.name)
def test_a_ladder_leads_from_the_server_to_the_standard_service(
    target: Target, operation: str
) -> None:
    """Each layer comes once, in its order; the last rung is the standard service itself."""
    ladder = ladder_of(target, told_of(target), operation, REGISTRY)
    layers = [rung.layer for rung in ladder.rungs]
    assert layers == [layer for layer in LAYERS if layer in layers]
    assert ("validation" in layers) == (operation in ("create", "update"))
    assert ("threads" in layers) == (target.name == "fastapi")
    assert (ladder.rungs[0].workload, ladder.rungs[-1].target) == ("ping", target.name)
    assert ladder.rungs[-1].workload == ladder.tuned[-1].workload == operation
    assert len(ladder.cells) == len(set(ladder.cells))


def test_a_ladder_has_the_rungs_that_there_are() -> None:
    """What lies between two of them is one layer, and the sum is still the whole."""
    (flask,) = select_targets(REGISTRY, ("flask",))
    bare = ladder_of(
        flask, without(flask, "driver", "core", "orm", "unchecked"), "create", REGISTRY
    )
    assert [(rung.layer, rung.target, rung.workload) for rung in bare.rungs] == [
        ("server", "wsgi", "ping"),
        ("framework", "flask", "ping"),
        ("validation", "flask", "echo"),
        ("serializers", "flask", "create"),
    ]


def test_a_rung_is_the_standard_service_but_for_what_is_below_a_handler() -> None:
    """Same folder, server settings and contract; a database and a port of its own."""
    for target in THREE:
        for name, rung in told_of(target).rungs.items():
            assert (rung.directory, rung.contract) == (target.directory, target.contract)
            assert (rung.name, rung.declared_as) == (f"{target.name}-{name}", target.name)
            assert rung.cluster_name == target.cluster_name
            assert rung.database_name == f"{target.database_name}_{name}"
            assert rung.environment["CONNECTION_CHECK"] == "0"


def test_rungs_get_ports_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No two targets of the lab that explains share one."""
    monkeypatch.setenv("ONECORE_STATE", str(tmp_path))
    monkeypatch.setenv("SUPERVISOR", "process")
    lab = lab_for(plan_of("flask", "drf"))
    ports = [target.http_port for target in lab.registry]
    assert len(ports) == len(set(ports))
    assert {"flask-driver", "drf-orm", "wsgi", "drf-tuned"} <= {known.name for known in lab.targets}
    assert "fastapi" not in {known.name for known in lab.targets}


# --- the order --------------------------------------------------------------------------------


def test_all_rungs_of_an_operation_take_turns_in_every_round() -> None:
    """One step for each ladder and round, with each of its cells once."""
    plan = plan_of("flask", "drf", operations=("read", "create"))
    counts = Counter((step.round, step.ladder) for step in steps(plan))
    assert len(counts) == 3 * 4
    assert set(counts.values()) == {1}
    for step in steps(plan):
        ladder = next(
            candidate for candidate in plan.study.ladders if candidate.name == step.ladder
        )  # type: ignore[union-attr]
        assert step.cells == ladder.cells
        assert step.turns == plan.turns is not None


def test_ladders_come_in_a_seeded_order() -> None:
    """Another one in some round, the same for the same seed."""

    def order(seed: int) -> list[str]:
        plan = plan_of("fastapi", "flask", "drf", seed=seed)
        return [step.ladder for step in steps(plan)]

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(5)}) > 1


def test_an_explanation_goes_on_where_it_was_cut_short() -> None:
    """A cell of one ladder is not taken for the same cell of another: wsgi's ping is in both."""
    plan = plan_of("flask", "drf")
    run = run_of(plan)
    first, second, *_ = steps(plan)
    done = [result for result in run.cells if (result.round, result.ladder) == (1, first.ladder)]
    assert next_of(run)(done) == second
    assert next_of(run)(run.cells) is None
    missing = next_of(run)(done[1:])
    assert missing is not None
    assert (missing.ladder, missing.cells) == (first.ladder, first.cells[:1])


def test_cells_of_a_ladder_are_the_runs_own(tmp_path: Path) -> None:
    """Also those of another workload than the one explained, and the same one of two ladders."""
    run = run_of(plan_of("flask", "drf"))
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(run)
    store.append_cells(run.cells)
    stored, left_out = store.read()
    assert stored.cells == run.cells
    assert left_out == ()
    store.append_cells([replace(run.cells[0], ladder="drf/list")])
    assert len(store.read()[1]) == 1


# --- what the differences say -----------------------------------------------------------------


@pytest.mark.parametrize("operation", ["read", "create"])
def test_each_layer_costs_what_it_costs(operation: str) -> None:
    """Of made-up costs every layer has its own back, and they add up to the standard service's."""
    (found,) = explained(run_of(plan_of("fastapi", operations=(operation,)), speed=0.0))
    for layer in found.layers:
        assert layer.cost_us.point == pytest.approx(LAYER_COSTS[layer.layer])
    assert sum(layer.cost_us.point for layer in found.layers) == pytest.approx(found.total_us.point)
    assert sum(layer.share.point for layer in found.layers) == pytest.approx(1)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(list(LAYERS)), st.floats(-50, 1000), min_size=9))
def test_shares_always_add_up(costs: dict[str, float]) -> None:
    """Whatever the layers cost, also less than nothing: no remainder, in no round."""
    costs = {"data": 1.0, **costs, "server": 600.0}
    (found,) = explained(run_of(plan_of("flask"), costs))
    assert sum(layer.share.point for layer in found.layers) == pytest.approx(1)
    assert sum(layer.cost_us.point for layer in found.layers) == pytest.approx(found.total_us.point)


@pytest.mark.parametrize("layer", ["framework", "orm", "serializers", "check"])
def test_a_planted_cost_shows_in_its_layer_and_no_other(layer: str) -> None:
    """500 us more in one layer are 500 us more there, and nothing elsewhere."""
    plan = plan_of("drf")
    (before,) = explained(run_of(plan, speed=0.0))
    planted = {**LAYER_COSTS, layer: LAYER_COSTS[layer] + 500}
    (after,) = explained(run_of(plan, planted, speed=0.0))
    for layer_before, layer_after in zip(before.layers, after.layers, strict=True):
        more = layer_after.cost_us.point - layer_before.cost_us.point
        assert more == pytest.approx(500 if layer_before.layer == layer else 0, abs=1e-6)


def test_shares_do_not_hold_the_machines_speed() -> None:
    """A machine that gets slower from round to round widens microseconds, and no share."""
    (found,) = explained(run_of(plan_of("drf"), speed=0.5))
    for layer in found.layers:
        assert layer.cost_us.high - layer.cost_us.low > 0.3 * layer.cost_us.point
        assert layer.share.high - layer.share.low == pytest.approx(0, abs=1e-9)


def test_the_dearest_layers_come_first() -> None:
    """By their share of a request."""
    (found,) = explained(run_of(plan_of("drf")))
    assert [layer.layer for layer in found.dearest[:3]] == ["orm", "framework", "serializers"]


def test_a_round_with_an_invalid_rung_is_left_out_of_its_ladder() -> None:
    """Of that ladder alone; with no round left, the run says why."""
    plan = plan_of("flask", "drf")
    run = run_of(plan)
    invalid = Diagnostic("errors", "3 failed", "See its log.", "invalid")

    def spoilt(cell: CellResult, rounds: set[int]) -> CellResult:
        if cell.target != "drf-orm" or cell.round not in rounds:
            return cell
        return replace(cell, phases=(replace(cell.phases[0], diagnostics=(invalid,)),))

    flask, drf = explained(replace(run, cells=tuple(spoilt(result, {2}) for result in run.cells)))
    assert (flask.rounds, flask.left_out) == ((1, 2, 3), ())
    assert (drf.rounds, drf.left_out) == ((1, 3), (2,))
    nothing = replace(run, cells=tuple(spoilt(result, {1, 2, 3}) for result in run.cells))
    assert [explanation.ladder.framework for explanation in explained(nothing)] == ["flask"]
    assert [ladder.framework for ladder, _ in unexplained(nothing)] == ["drf"]


def test_what_tuning_saves_is_told_where_it_can_be() -> None:
    """Framework and validation by themselves, all below a handler together."""
    plan = plan_of("fastapi", operations=("create",))
    (found,) = explained(run_of(plan, speed=0.0))
    framework, validation, data = found.gains
    assert (framework.group, validation.group, data.group) == ("framework", "validation", "data")
    assert framework.saved_us.point == pytest.approx(0)
    usual = sum(LAYER_COSTS[layer] for layer in DATA)
    assert data.tuned_us.point == pytest.approx(LAYER_COSTS["data"])
    assert data.saved_us.point == pytest.approx(usual - LAYER_COSTS["data"])
    assert data.saved.point == pytest.approx(data.saved_us.point / found.total_us.point)
    assert found.gain_on("orm") == data
    assert found.gain_on("server") is None


def test_every_layer_is_in_one_group() -> None:
    """What is coarser than layers leaves none out and has none twice."""
    grouped = [layer for layers in GROUPS.values() for layer in layers]
    assert sorted(grouped) == sorted(LAYERS)
    assert {group_of(layer) for layer in LAYERS} == set(GROUPS)


# --- at your load -----------------------------------------------------------------------------


def test_cores_and_price_follow_from_cost_and_utilisation() -> None:
    """500 requests/s of 900 us at 60 % take 0.75 cores; a million cost app and database."""
    plan = plan_of("drf", rate_per_s=500.0, core_hour=0.04)
    run = run_of(plan, speed=0.0)
    (found,) = explained(run)
    standard, tuned = bills(run, found)
    assert (standard.target, tuned.target) == ("drf", "drf-tuned")
    assert found.total_us.point == pytest.approx(900)
    assert standard.app_cores is not None
    assert standard.app_cores.point == pytest.approx(500 * 900e-6 / 0.6)
    assert standard.rate_per_core.point == pytest.approx(0.6 / 900e-6)
    assert standard.per_million is not None
    assert standard.per_million.point == pytest.approx((900 + 100) / 3600 / 0.6 * 0.04)


def test_without_a_rate_or_price_there_is_none() -> None:
    """What was not asked for is a dash, and no guess."""
    run = run_of(plan_of("drf"))
    (found,) = explained(run)
    standard, _ = bills(run, found)
    assert (standard.app_cores, standard.database_cores, standard.per_million) == (None,) * 3


# --- words ------------------------------------------------------------------------------------


def test_the_page_says_first_what_costs_most_and_what_to_do() -> None:
    """The dearest layers with their shares, what the tuned service does, and where."""
    run = run_of(plan_of("drf", "flask"))
    section = next(
        candidate
        for candidate in run_document(StoredRun(run)).sections
        if candidate.name == "explain"
    )
    drf = next(
        block.text for block in section.blocks if isinstance(block, Prose) and "drf" in block.text
    )
    assert "ORM and session 33%" in drf
    assert "services/drf/items/tuned/views.py" in drf
    assert "which saves" in drf
    assert "All that is below the handler, tuned:" in drf
    console = Console(file=io.StringIO(), width=200)
    print_document(console, run_document(StoredRun(run)))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "drf-core read - drf-driver read" in told
    assert "Nothing was measured" not in told


def test_a_run_says_how_to_make_it_again() -> None:
    """The frameworks are named, not their rungs, and what was asked of the load."""
    plan = plan_of("drf", rate_per_s=500.0, core_hour=0.04)
    *_, command = commands(run_of(plan))
    assert command.startswith("make explain FRAMEWORK=drf WORKLOAD=read")
    assert "RATE=500 CORE_HOUR=0.04" in command


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "operations", "options", "told"),
    [
        (("drf-tuned",), ("read",), {}, "not explained by itself"),
        (("wsgi",), ("read",), {}, "not explained by itself"),
        (("drf",), ("crud",), {}, "no single operation"),
        (("drf",), ("ping",), {}, "no single operation"),
        (("drf",), ("read",), {"rate_per_s": 0.0}, "RATE=0 is out of range"),
        (("drf",), ("read",), {"core_hour": -1.0}, "CORE_HOUR=-1 is out of range"),
    ],
)
def test_what_cannot_be_explained_is_refused(names, operations, options, told) -> None:
    """With a sentence that says what can."""
    with pytest.raises(UsageError, match=told):
        plan_of(*names, operations=operations, **options)


def test_a_framework_must_say_how(tmp_path: Path) -> None:
    """Without a table of its own a framework is refused; a server that is no target is a fault."""
    (flask,) = select_targets(REGISTRY, ("flask",))
    folder = tmp_path / "flask"
    folder.mkdir()
    text = (flask.directory / "service.toml").read_text().partition("# What `make explain`")[0]
    (folder / "service.toml").write_text(text)
    with pytest.raises(UsageError, match=r"has no table \[explain\]"):
        told_of(replace(flask, directory=folder))
    (folder / "service.toml").write_text(f'{text}\n[explain]\nserver = "nginx"\n')
    told = told_of(replace(flask, directory=folder))
    with pytest.raises(SetupError, match="'nginx', which is no target"):
        ladder_of(flask, told, "read", REGISTRY)
    (folder / "service.toml").write_text(f'{text}\n[explain]\nserver = "wsgi"\nthreads = "orm"\n')
    with pytest.raises(SetupError, match="threads names the rung 'orm'"):
        told_of(replace(flask, directory=folder))
