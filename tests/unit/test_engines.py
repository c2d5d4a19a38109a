"""One process makes the load from step to step, as long as it can."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.errors import GeneratorFailed
from bench.experiment import engines as module
from bench.experiment.engines import Engines
from bench.model import ClosedLoop, OpenLoop, Users


class FakeEngine:
    """Knows whether it is open."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.is_open = True


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeEngine]:
    """Every engine so far; the loops share a maker, users have another."""
    found: list[FakeEngine] = []

    @contextmanager
    def make(*_: Any) -> Iterator[FakeEngine]:
        engine = FakeEngine(len(found) + 1)
        found.append(engine)
        yield engine
        engine.is_open = False

    monkeypatch.setattr(
        module, "ENGINES", {ClosedLoop: make, OpenLoop: make, Users: lambda *words: make(*words)}
    )
    return found


def test_what_measures_the_ceiling_makes_the_load(made: list[FakeEngine]) -> None:
    """The same engine serves every pacing that it can; another kind of load ends it."""
    engines = Engines(None, Path())  # type: ignore[arg-type]
    first = engines.engine_for(ClosedLoop(20))
    assert engines.engine_for(OpenLoop(100.0)) is first
    assert engines.pid == 1
    engines.engine_for(Users(5, spawn_rate_per_s=5.0))
    assert [engine.is_open for engine in made] == [False, True]
    assert engines.pid == 2


def test_a_step_may_ask_for_a_new_one(made: list[FakeEngine]) -> None:
    """An overload leaves connections open that nothing after it should have."""
    engines = Engines(None, Path())  # type: ignore[arg-type]
    first = engines.engine_for(ClosedLoop(20))
    assert engines.engine_for(ClosedLoop(20), new=True) is not first
    assert [engine.is_open for engine in made] == [False, True]


def test_where_there_is_none_nobody_is_sampled(made: list[FakeEngine]) -> None:
    """Before the first and after the last, asking for its process is a failure."""
    engines = Engines(None, Path())  # type: ignore[arg-type]
    with pytest.raises(GeneratorFailed):
        _ = engines.pid
    engines.engine_for(ClosedLoop(20))
    engines.close()
    assert not made[0].is_open
    with pytest.raises(GeneratorFailed):
        _ = engines.pid
