"""The sampler: what it reads, and what becomes of it when a reading or its keeping fails."""

import itertools
import threading
from dataclasses import replace

import psutil
import pytest

from bench.errors import StoreError, UnitFailed
from bench.model import Sample
from bench.sampling import PERIOD_S, Probe, Sampler, period_for

PATIENCE_S = 60


class Kept:
    """Takes samples and tells when there are enough."""

    def __init__(self, enough: int) -> None:
        self.samples: list[Sample] = []
        self._enough = enough
        self.has_enough = threading.Event()

    def __call__(self, samples: tuple[Sample, ...]) -> None:
        self.samples.extend(samples)
        if len(self.samples) >= self._enough:
            self.has_enough.set()


def probe(unit: str = "app", memory_every: int = 1, each_s: float = 1.0) -> Probe:
    """A unit that has used `each_s` more whenever it is looked at."""
    used = itertools.count(1.5, each_s)
    return Probe(unit, cpu_s=lambda: next(used), pss_bytes=lambda: 7, memory_every=memory_every)


def test_memory_is_read_less_often_than_cpu() -> None:
    """Every third reading has it; CPU is in all of them."""
    kept = Kept(7)
    with Sampler((probe(memory_every=3),), kept, period_s=0.001) as sampler:
        assert kept.has_enough.wait(PATIENCE_S)
    assert [sample.pss_bytes for sample in kept.samples[:7]] == [7, None, None, 7, None, None, 7]
    assert [sample.cpu_s for sample in kept.samples[:3]] == [1.5, 2.5, 3.5]
    assert sampler.own_share > 0


@pytest.mark.parametrize(("units", "periods"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_many_units_are_read_less_often(units: int, periods: int) -> None:
    """So that ten targets cost the core of the lab about as much as three."""
    assert period_for(units) == periods * PERIOD_S


def test_the_period_follows_from_the_number_of_probes() -> None:
    """Nobody has to say it; whoever tests may."""
    many = tuple(probe(str(number)) for number in range(11))
    assert Sampler(many, Kept(1)).period_s == period_for(11)
    assert Sampler(many, Kept(1), period_s=7).period_s == 7


def test_memory_of_a_unit_that_has_not_run_is_read_once() -> None:
    """A frozen unit keeps what it has; walking its pages again would cost and tell nothing."""
    kept = Kept(6)
    with Sampler((probe(each_s=0.0),), kept, period_s=0.001):
        assert kept.has_enough.wait(PATIENCE_S)
    assert [sample.pss_bytes for sample in kept.samples[:6]] == [7, None, None, None, None, None]


def test_a_unit_that_is_gone_has_no_samples_and_harms_no_other() -> None:
    """Whoever measures it tells of it; the series of the others goes on."""

    def gone() -> float:
        raise UnitFailed("it has ended")

    kept = Kept(3)
    probes = (Probe("gone", gone, lambda: 0), probe())
    with Sampler(probes, kept, period_s=0.001):
        assert kept.has_enough.wait(PATIENCE_S)
    assert {sample.unit for sample in kept.samples} == {"app"}


def test_a_reading_that_was_held_up_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows at which moment of the time that it took the count was that."""
    moments = itertools.count(0.0, 0.5)
    monkeypatch.setattr("bench.sampling.time.time", lambda: next(moments))
    sampler = Sampler((probe(),), lambda _: None, period_s=1.0)
    assert sampler._read(probe(), 0) is None
    patient = Sampler((probe(),), lambda _: None, period_s=6.0)
    (sample,) = filter(None, [patient._read(probe(), 0)])
    assert sample.at_unix_s == 1.25


def test_a_sample_names_whose_count_it_is() -> None:
    """New processes begin another one."""
    own = replace(probe(), pid=lambda: 12)
    (sample,) = filter(None, [Sampler((own,), lambda _: None)._read(own, 0)])
    assert sample.pid == 12


def test_samples_that_cannot_be_kept_are_a_failure() -> None:
    """A full disk ends the measurement with its message, and not in the silence of a thread."""
    tried = threading.Event()

    def keep(samples: tuple[Sample, ...]) -> None:
        tried.set()
        raise StoreError("no space left")

    with pytest.raises(StoreError, match="no space left"), Sampler((probe(),), keep):
        assert tried.wait(PATIENCE_S)


def test_a_failure_of_the_measurement_itself_comes_first() -> None:
    """Its message is the cause; the sampler's would only hide it."""

    def keep(samples: tuple[Sample, ...]) -> None:
        raise StoreError("no space left")

    with pytest.raises(UnitFailed, match="the cause"), Sampler((probe(),), keep):
        raise UnitFailed("the cause")


@pytest.mark.parametrize("error", [psutil.AccessDenied(1), ValueError("no number")])
def test_a_reading_that_fails_unexpectedly_is_raised(error: Exception) -> None:
    """Whatever ends the thread is raised where the run is measured: between cells, and at the
    end. Without that a run would be complete and have no samples."""

    def broken() -> float:
        raise error

    sampler = Sampler((Probe("app", broken, lambda: 0),), lambda _: None)
    sampler.__enter__()
    sampler._thread.join(PATIENCE_S)
    with pytest.raises(type(error)):
        sampler.require_alive()
    with pytest.raises(type(error)):
        sampler.__exit__(None)
