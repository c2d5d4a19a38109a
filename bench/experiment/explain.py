"""Explaining a cost: ladders of rungs that differ in one layer, all of one ladder in turns.

A ladder is a chain of services that answer the same request, each with one layer more than the one
before, from a server that answers a constant to the standard service. So its differences add up to
what the standard service costs, and no layer is counted twice. docs/explain.md has the reasons.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from bench.errors import SetupError, UsageError
from bench.experiment.assembly import open_lab
from bench.experiment.lab import Lab
from bench.experiment.plan import Profile, make_plan
from bench.experiment.schedule import NextStep, Step, first_missing
from bench.experiment.side_lab import FIRST_PORT, free_block
from bench.model import Explain, Ladder, Plan, Rung, RunRecord, Target
from bench.targets import Explanation, explanation_of, select_targets
from bench.workloads import OPERATIONS, Workload

DEFAULT_OPERATIONS = ("read",)
_WITH_BODY = ("create", "update")


def explain_plan(
    profile: Profile,
    registry: Sequence[Target],
    targets: Sequence[Target],
    workloads: tuple[Workload, ...],
    *,
    seed: int,
    rounds: int | None = None,
    rate_per_s: float | None = None,
    core_hour: float | None = None,
) -> Plan:
    """The plan of an explanation of these frameworks' standard services.

    Raises UsageError for what cannot be explained, and numbers out of range; SetupError where a
    service.toml names what is not there.
    """
    _require_positive(RATE=rate_per_s, CORE_HOUR=core_hour)
    operations = tuple(workload.name for workload in workloads) or DEFAULT_OPERATIONS
    if others := [name for name in operations if name not in OPERATIONS]:
        raise UsageError(
            f"{', '.join(others)} is no single operation", f"Choose of {', '.join(OPERATIONS)}."
        )
    told = {target: told_of(target) for target in targets}
    ladders = tuple(
        ladder_of(target, explanation, operation, registry)
        for target, explanation in told.items()
        for operation in operations
    )
    named = dict.fromkeys(name for ladder in ladders for name, _ in ladder.cells)
    plan = make_plan(profile, (), workloads, seed=seed, rounds=rounds)
    return replace(
        plan,
        targets=tuple(named),
        workloads=operations,
        # No ratio is awaited: what is told has an interval, however wide.
        rounds_limit=0,
        half_width=None,
        cost_half_width=None,
        study=Explain(
            ladders,
            tuple(advice for explanation in told.values() for advice in explanation.advice),
            rate_per_s,
            core_hour,
        ),
    )


def _require_positive(**given: float | None) -> None:
    for name, value in given.items():
        if value is not None and not 0 < value < 1e9:
            raise UsageError(f"{name}={value:g} is out of range", "Choose a number above 0.")


def told_of(target: Target) -> Explanation:
    """What the lab knows of this framework's rungs. Raises UsageError where that is nothing."""
    if target.name != target.framework or target.mode != "standard":
        raise UsageError(
            f"{target.name} is not explained by itself",
            f"Explained are standard services, named like their framework: "
            f"FRAMEWORK={target.framework}.",
        )
    found = explanation_of(target)
    if found is None:
        raise UsageError(
            f"{target.directory}/service.toml has no table [explain]",
            "docs/explain.md says what stands in it; the one line `server` is enough to begin.",
        )
    return found


# --- ladders ----------------------------------------------------------------------------------


def ladder_of(
    standard: Target, told: Explanation, operation: str, registry: Sequence[Target]
) -> Ladder:
    """The rungs of one operation, as far as the framework has services for them.

    Raises SetupError when the server is no target, or a rung has the name of one.
    """
    names = {target.name for target in registry}
    if told.server not in names:
        raise SetupError(
            f"{standard.directory}/service.toml explains with the server {told.server!r}, "
            "which is no target",
            f"Known targets: {', '.join(sorted(names))}.",
        )
    if taken := [rung.name for rung in told.rungs.values() if rung.name in names]:
        raise SetupError(
            f"the rung {taken[0]} has the name of a target", "Give that target another name."
        )
    tuned = f"{standard.framework}-tuned"
    return Ladder(
        standard.framework,
        operation,
        tuple(_rungs(standard, told, operation)),
        tuple(_tuned_rungs(told.server, tuned, operation)) if tuned in names else (),
    )


def _rungs(standard: Target, told: Explanation, operation: str) -> Iterator[Rung]:
    rungs = {name: target.name for name, target in told.rungs.items()}
    yield Rung("server", told.server, "ping")
    yield Rung("framework", standard.name, "ping")
    if told.threads:
        yield Rung("threads", rungs[told.threads], "ping")
    if operation in _WITH_BODY:
        # Of a rung where there is one: its echo does not write what the serializer made of it.
        yield Rung("validation", rungs.get("driver", standard.name), "echo")
    for layer in ("driver", "core", "orm"):
        if layer in rungs:
            yield Rung(layer, rungs[layer], operation)
    if "unchecked" in rungs:
        yield Rung("serializers", rungs["unchecked"], operation)
        yield Rung("check", standard.name, operation)
    else:
        yield Rung("serializers", standard.name, operation)


def _tuned_rungs(server: str, tuned: str, operation: str) -> Iterator[Rung]:
    yield Rung("server", server, "ping")
    yield Rung("framework", tuned, "ping")
    if operation in _WITH_BODY:
        yield Rung("validation", tuned, "echo")
    yield Rung("data", tuned, operation)


# --- the lab ----------------------------------------------------------------------------------


def lab_for(plan: Plan) -> Lab:
    """The lab for an explanation's targets, with the rungs that no registry knows.

    Raises UsageError or SetupError.
    """
    lab = open_lab(())
    frameworks = dict.fromkeys(ladder.framework for ladder in _study(plan).ladders)
    standards = select_targets(lab.registry, tuple(frameworks))
    return with_targets(lab, _placed(rungs_of(standards), lab.site.port_offset), plan.targets)


def rungs_of(standards: Iterable[Target]) -> tuple[Target, ...]:
    """The services between the server alone and each of these, as their frameworks declare them."""
    return tuple(rung for standard in standards for rung in told_of(standard).rungs.values())


def with_targets(lab: Lab, more: Sequence[Target], names: tuple[str, ...]) -> Lab:
    """The lab with more targets in its registry, for those that are named."""
    registry = (*lab.registry, *more)
    return replace(lab, registry=registry, targets=select_targets(registry, names))


def _placed(targets: Sequence[Target], port_offset: int) -> tuple[Target, ...]:
    """The same on free ports. Their databases are on their framework's server."""
    if not targets:
        return ()
    ports = count(free_block(FIRST_PORT + port_offset, len(targets)))
    return tuple(replace(target, http_port=next(ports)) for target in targets)


# --- the order --------------------------------------------------------------------------------


def steps(plan: Plan) -> Iterator[Step]:
    """Every ladder of every round, in a fresh seeded order; the cells of a ladder take turns."""
    study = _study(plan)
    for number in range(1, plan.rounds + 1):
        ladders = list(study.ladders)
        random.Random(f"{plan.seed}/{number}").shuffle(ladders)
        for ladder in ladders:
            yield Step(
                round=number,
                workload=ladder.operation,
                targets=tuple(target for target, _ in ladder.cells),
                pacing=plan.pacing,
                window_s=plan.window_s,
                turns=plan.turns,
                ladder=ladder.name,
                asked=tuple(workload for _, workload in ladder.cells),
            )


def next_of(record: RunRecord) -> NextStep:
    """The first step that has a cell which is not finished."""
    return lambda cells: first_missing(steps(record.plan), cells)


def _study(plan: Plan) -> Explain:
    assert isinstance(plan.study, Explain)
    return plan.study
