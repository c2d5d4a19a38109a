"""One workload of a round in turns: who is asked when, what counts, and a target that fails."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from bench.errors import UnitFailed
from bench.experiment import turns as module
from bench.experiment.schedule import Step
from bench.host import CpuTotals
from bench.model import ClosedLoop, Progress, Turn, Turns, Usage

from .factories import plan

TURNS = Turns(turn_s=0.1, lead_in_s=0.025)


@dataclass
class FakeEngine:
    """Answers 1,000 requests/s of every target; `asked` has each turn, with what was counted."""

    rate_per_s: float = 1000.0
    with_transactions: str = ""
    asked: list[tuple[str, float]] = field(default_factory=list)

    def begin_turn(self, target: str) -> None:
        assert self.with_transactions == "", "one target at a time"
        self.with_transactions = target

    def end_turn(self, target: str, from_s: float, to_s: float) -> Turn:
        assert self.with_transactions == target
        self.with_transactions = ""
        self.asked.append((target, to_s - from_s))
        served = self.rate_per_s * (to_s - from_s)
        return Turn(to_s - from_s, round(served), 0, served)


class FakeClocks:
    """CPU time that grows by a fixed amount with every reading, 0.1 s after the one before."""

    def __init__(self, fails_at: int = 10**9) -> None:
        self._read = 0
        self._fails_at = fails_at

    def __call__(self) -> module._Clocks:
        self._read += 1
        if self._read > self._fails_at:
            raise UnitFailed("it has just ended")
        at_s = self._read * 0.1
        return module._Clocks(
            at_s, self._read * 0.09, self._read * 0.02, self._read * 0.01, CpuTotals(at_s, 0)
        )


def participant(name: str, clocks: FakeClocks) -> module.Participant:
    part = module.Participant(SimpleNamespace(name=name), None, None, "")  # type: ignore[arg-type]
    part.beginning = module._Beginning(clocks, None, None, ())  # type: ignore[arg-type]
    return part


def taken(
    window_s: float, told: list[Progress] | None = None, **clocks: FakeClocks
) -> tuple[FakeEngine, list[module.Participant]]:
    """Turns of these participants, whose CPU clocks are given by name; their progress is `told`."""
    engine = FakeEngine()
    parts = [participant(name, clock) for name, clock in clocks.items()]
    tell = (lambda _: None) if told is None else told.append
    bench = SimpleNamespace(plan=plan(turns=TURNS), on_progress=tell)
    step = Step(1, "read", tuple(clocks), ClosedLoop(20), window_s, TURNS)
    module._take_turns(bench, step, engine, parts, 0.0)  # type: ignore[arg-type]
    return engine, parts


def test_each_target_has_as_many_turns_as_the_window_has_room_for() -> None:
    """What is counted lies between the two readings of its clocks, after the lead-in."""
    slept_s: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.time, "sleep", slept_s.append)
        engine, parts = taken(0.55, a=FakeClocks(), b=FakeClocks(), c=FakeClocks())
    assert [len(part.taken) for part in parts] == [6, 6, 6]
    assert slept_s == [0.025, 0.1] * 18
    assert sorted(name for name, _ in engine.asked) == sorted("abc" * 6)
    assert [counted_s for _, counted_s in engine.asked] == pytest.approx([0.1] * 18)


def test_progress_is_of_the_time_that_is_counted() -> None:
    """Two turns of 0.1 s for each of three targets, 100 answers in each; lead-ins tell nothing."""
    told: list[Progress] = []
    taken(0.2, told, a=FakeClocks(), b=FakeClocks(), c=FakeClocks())
    assert [progress.elapsed_s for progress in told] == pytest.approx([0.3, 0.6])
    assert [progress.succeeded for progress in told] == [300, 600]
    assert [progress.rate_per_s for progress in told] == pytest.approx([1000, 1000])


def test_cpu_time_is_that_of_counted_turns() -> None:
    """Between a turn's two readings, whatever was used in lead-ins and by others' turns."""
    _, (part,) = taken(0.3, a=FakeClocks())
    assert module._total(part.taken, "app_s") == pytest.approx(3 * 0.09)
    assert module._total(part.taken, "database_s") == pytest.approx(3 * 0.02)
    times = module._cpu_times(part.taken, 3 * 0.09)
    assert times.busy_s == pytest.approx(0.3)
    assert times.foreign_s == pytest.approx(0.03)
    series = module._series(part.taken)
    assert series.app_cpu_s == (0.09, 0.09, 0.09)
    assert series.succeeded == (100, 100, 100)


def test_a_target_that_ends_in_its_turn_leaves_the_others_theirs() -> None:
    """It is told of and asked no more; the others have all of their turns."""
    engine, (dead, alive) = taken(1.0, dead=FakeClocks(fails_at=5), alive=FakeClocks())
    assert dead.failure == "it has just ended"
    assert len(dead.taken) == 2
    assert len(alive.taken) == 10
    assert [counted_s for name, counted_s in engine.asked if name == "dead"][2:] == [0.0]
    assert engine.with_transactions == "", "nobody is asked any longer"


def test_a_target_that_is_asked_two_things_has_turns_for_each() -> None:
    """Each has its own connections, requests and switches; only one of them has statements."""
    switches = iter(range(0, 1000, 5))

    class Lab:
        def unit_names(self, _target: object) -> tuple[str, str]:
            return "app", "database"

        def usage(self, _target: object, _name: str) -> Usage:
            return Usage(0.0, 1, {1: (next(switches), 0)})

    target = SimpleNamespace(name="drf")
    parts = [participant("drf", FakeClocks()) for _ in range(2)]
    for part, workload in zip(parts, ("ping", "read"), strict=True):
        part.target, part.workload, part.shared = target, workload, True  # type: ignore[assignment]
    engine = FakeEngine()
    bench = SimpleNamespace(plan=plan(turns=TURNS), on_progress=lambda _: None, lab=Lab())
    step = Step(1, "read", ("drf", "drf"), ClosedLoop(20), 0.3, TURNS, asked=("ping", "read"))
    module._take_turns(bench, step, engine, parts, 0.0)  # type: ignore[arg-type]
    assert {name for name, _ in engine.asked} == {"drf/ping", "drf/read"}
    app, _ = module._role_costs(parts[0], (None, None), (None, None))  # type: ignore[arg-type]
    assert app.voluntary_switches == 3 * 10
    assert module._queries(parts[0], None) is None  # type: ignore[arg-type]


def test_a_step_of_a_ladder_says_what_each_target_is_asked() -> None:
    """Without a ladder all are asked the same; with fewer cells each keeps its own."""
    plain = Step(1, "read", ("a", "b"), ClosedLoop(20), 1.0)
    assert plain.cells == (("a", "read"), ("b", "read"))
    assert plain.only([("b", "read")]).asked == ()
    mixed = Step(1, "read", ("a", "a"), ClosedLoop(20), 1.0, asked=("ping", "read"))
    assert mixed.cells == (("a", "ping"), ("a", "read"))
    assert mixed.only([("a", "read")]).cells == (("a", "read"),)
