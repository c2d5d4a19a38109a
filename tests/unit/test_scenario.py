"""A scenario in turns of whole phases: the order, and a target that fails amid it."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from bench.errors import UnitFailed
from bench.experiment import scenario as module
from bench.experiment.schedule import Step
from bench.experiment.turns import Participant
from bench.model import ClosedLoop, Turns
from bench.workloads import WORKLOADS

from .factories import plan, window

PHASES = ["create", "read", "update", "delete"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Which target was asked for which phase; `b` ends when it is to update."""
    asked: list[tuple[str, str]] = []

    def measure(_bench: object, _step: object, target: object, phase: object, *_: object) -> object:
        asked.append((target.name, phase.name))  # type: ignore[attr-defined]
        if asked[-1] == ("b", "update"):
            raise UnitFailed("it has just ended", "Look for who ended it.")
        return window(phase.name)  # type: ignore[attr-defined]

    def prepared(_bench: object, _step: object, targets: list[object], _stack: object) -> object:
        phases = WORKLOADS["crud"].phases(1, 100)
        return [Participant(target, phases, None, "") for target in targets]  # type: ignore[arg-type]

    monkeypatch.setattr(module, "all_prepared", prepared)
    monkeypatch.setattr(module, "warm_up", lambda *_: None)
    monkeypatch.setattr(module, "measure_phase", measure)
    return asked


def test_each_phase_is_a_turn_of_every_target(asked: list[tuple[str, str]]) -> None:
    """One that fails is told of and asked no more; the others have all of their phases."""
    targets = [SimpleNamespace(name=name) for name in "abc"]
    bench = SimpleNamespace(plan=plan(), lab=SimpleNamespace(thaw_all=nullcontext))
    step = Step(1, "crud", ("a", "b", "c"), ClosedLoop(20), 1.0, Turns(0.1, 0.025))
    cells = module.measure_scenario(bench, step, targets)  # type: ignore[arg-type]
    assert [cell.unfit for cell in cells] == ["", "it has just ended", ""]
    assert [cell.remedy for cell in cells] == ["", "Look for who ended it.", ""]
    assert [[each.phase for each in cell.phases] for cell in cells] == [PHASES, [], PHASES]
    in_order = [[name for name, phase in asked if phase == each] for each in PHASES]
    assert [sorted(names) for names in in_order] == [list("abc")] * 3 + [["a", "c"]]
    assert len({tuple(names) for names in in_order[:3]}) > 1
