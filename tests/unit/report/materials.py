"""Runs of every kind and in every state, for pages that must tell the truth about each."""

from dataclasses import replace
from datetime import UTC, datetime

from bench.analysis.memory import unit_name
from bench.analysis.stored import StoredRun
from bench.experiment.probes import DATABASE_MEMORY_EVERY, MEMORY_EVERY
from bench.model import (
    CellResult,
    ClosedLoop,
    Diagnostic,
    Lateness,
    OpenLoop,
    RunRecord,
    Sample,
    Saturation,
    Sweep,
    Turns,
    TurnSeries,
)
from tests.unit.factories import cell, distribution, load_result, plan, record, window, with_study

TARGETS = ("fastapi", "flask", "drf")
SPEED = {"fastapi": 1.0, "flask": 1.3, "drf": 1.7}
BEGAN = 1_000.0
SET_UP_S = 4.0
INVALID = Diagnostic("errors", "3 of 1,000 requests failed", "See the log.", "invalid")
DOUBT = Diagnostic("foreign-cpu", "other processes used 9% of the app's core", "Stop them.")
NOTE = Diagnostic("host-turbo", "turbo is on", "make tune", "note")


def load(operation: str, target: str, number: int, order: int, **changes: object):
    """A window in which faster targets answer faster, and no two rounds are the same."""
    took_s = 2.0 * SPEED[target] * (1 + 0.01 * number)
    seconds = [0.001 * SPEED[target] * (1 + rank % 100) for rank in range(1000)]
    fields = {
        "latency": {operation: distribution(seconds)},
        "started_at_unix_s": BEGAN + 10 * order,
        **changes,
    }
    return load_result(1000, took_s, **fields)


def cells(
    targets: tuple[str, ...] = TARGETS,
    workloads: tuple[str, ...] = ("read", "list"),
    rounds: int = 3,
    **changes: object,
) -> tuple[CellResult, ...]:
    made = []
    for number in range(1, rounds + 1):
        for workload in workloads:
            for target in targets:
                part = window(workload, load=load(workload, target, number, len(made)), **changes)
                began_at = datetime.fromtimestamp(
                    BEGAN + 10 * len(made) - SET_UP_S, UTC
                ).isoformat()
                made.append(cell(number, target, workload, phases=(part,), started_at=began_at))
    return tuple(made)


def samples(count: int = 200, targets: tuple[str, ...] = TARGETS) -> tuple[Sample, ...]:
    """Readings four times a second; apps use 80 % of a core, databases 20, the generator 10.

    Memory is read as seldom as the lab reads it.
    """
    known = [record().target(name) for name in targets]
    units = [(unit_name(target, "app"), 0.8, MEMORY_EVERY) for target in known]
    units += [(unit_name(target, "database"), 0.2, DATABASE_MEMORY_EVERY) for target in known]
    units += [("generator", 0.1, MEMORY_EVERY)]
    return tuple(
        Sample(
            BEGAN - 5 + turn / 4,
            unit,
            share * turn / 4,
            40_000_000 + 100_000 * turn if turn % memory_every == 0 else None,
        )
        for turn in range(count)
        for unit, share, memory_every in units
    )


def bench(**changes: object) -> RunRecord:
    fields = {"plan": plan(workloads=("read", "list"), rounds=3), "cells": cells(), **changes}
    return record(**fields)


def in_turns(turns: int = 2, turn_s: float = 0.18) -> RunRecord:
    """A round of one workload in which all targets were set up together and then took turns.

    Each turn is `turn_s` long after a lead-in of 0.1 s; the first lead-in begins at `BEGAN`.
    """
    lead_in_s, made = 0.1, []
    each_s = lead_in_s + turn_s
    for place, target in enumerate(TARGETS):
        at_s = tuple(each_s * (place + len(TARGETS) * turn) + lead_in_s for turn in range(turns))
        lasted, none = (turn_s,) * turns, (0.0,) * turns
        part = window(
            load=load_result(1000, turn_s * turns, started_at_unix_s=BEGAN + at_s[0] - lead_in_s),
            turns=TurnSeries(at_s, lasted, none, none, none),
        )
        began_at = datetime.fromtimestamp(BEGAN - SET_UP_S, UTC).isoformat()
        made.append(cell(1, target, phases=(part,), started_at=began_at))
    return record(plan=plan(turns=Turns(turn_s, lead_in_s)), cells=tuple(made))


def swept() -> RunRecord:
    made = []
    for number in (1, 2):
        for target in TARGETS:
            for level in (1, 2, 4, 8, 16):
                rate = 100 * level / (1 + 0.1 * (level - 1) + 0.002 * level * (level - 1))
                part = load_result(1000, 1000 / (rate * (1 + 0.01 * number)))
                made.append(
                    cell(
                        number,
                        target,
                        pacing=ClosedLoop(level),
                        phases=(window(load=part),),
                    )
                )
    return with_study(record(cells=tuple(made)), Sweep((1, 2, 4, 8, 16)))


def saturated() -> RunRecord:
    made = [
        cell(1, target, pacing=ClosedLoop(20), phases=(window(load=load_result(1000, 2.0)),))
        for target in TARGETS
    ]
    for number, rate in enumerate((400.0, 480.0, 490.0, 480.0, 490.0), 2):
        for target in TARGETS:
            p99_s = 0.02 if rate < 485 else 0.5
            part = load_result(
                1000,
                1000 / rate,
                latency={"read": distribution([p99_s] * 1000)},
                lateness=Lateness(0.0001, 0.0002, 0.001, 0, 0),
            )
            made.append(cell(number, target, pacing=OpenLoop(rate), phases=(window(load=part),)))
    return with_study(record(cells=tuple(made)), Saturation(0.1, "constant", 20))


def crud() -> RunRecord:
    names = ("create", "read", "update", "delete")
    made = tuple(
        cell(
            number,
            target,
            "crud",
            phases=tuple(window(name, load=load(name, target, number, 1)) for name in names),
        )
        for number in (1, 2)
        for target in TARGETS
    )
    return record(plan=plan(workloads=("crud",)), cells=made)


def mixed() -> RunRecord:
    def part(target: str, number: int):
        latency = {
            operation: distribution([0.002 * SPEED[target]] * 300) for operation in ("list", "read")
        }
        return window("mixed", load=load("read", target, number, 1, latency=latency))

    made = tuple(
        cell(number, target, "mixed", phases=(part(target, number),))
        for number in (1, 2)
        for target in TARGETS
    )
    return record(plan=plan(workloads=("mixed",)), cells=made)


def open_loop() -> RunRecord:
    pacing = OpenLoop(200.0)
    made = tuple(replace(result, pacing=pacing) for result in cells())
    return record(plan=plan(workloads=("read", "list"), rounds=3, pacing=pacing), cells=made)


def with_unfit() -> RunRecord:
    made = tuple(
        replace(result, phases=(), unfit="POST /items/ answered 500\nlog tail")
        if result.target == "flask"
        else result
        for result in cells()
    )
    return bench(cells=made)


def with_invalid_round() -> RunRecord:
    first, *others = cells()
    bad = replace(first, phases=(replace(first.phases[0], diagnostics=(INVALID,)),))
    return bench(cells=(bad, *others), diagnostics=(DOUBT, NOTE))


RUNS: dict[str, RunRecord] = {
    "bench": bench(),
    "warnings": with_invalid_round(),
    "unfit": with_unfit(),
    "one framework": bench(
        plan=plan(targets=("flask",), workloads=("read", "list"), rounds=3),
        cells=cells(("flask",)),
    ),
    "one round": bench(cells=cells(rounds=1)),
    "interrupted": bench(state="interrupted", cells=cells()[:8]),
    "interrupted at once": bench(state="interrupted", cells=()),
    "no cell fit": bench(
        cells=tuple(replace(result, phases=(), unfit="it is down") for result in cells())
    ),
    "failed requests only": bench(
        cells=cells(
            rounds=1,
            diagnostics=(INVALID,),
        )
    ),
    "open loop": open_loop(),
    "crud": crud(),
    "mixed": mixed(),
    "sweep": swept(),
    "sweep, interrupted at once": replace(swept(), cells=(), state="interrupted"),
    "saturation": saturated(),
    "saturation, interrupted": replace(saturated(), cells=saturated().cells[:4]),
    "unknown target": bench(
        plan=plan(targets=("litestar",), workloads=("read",), rounds=1),
        cells=(cell(1, "litestar"),),
    ),
}


def material(name: str, **changes: object) -> StoredRun:
    return StoredRun(**{"record": RUNS[name], "samples": samples(), **changes})
