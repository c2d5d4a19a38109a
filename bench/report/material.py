"""What a page is made from: a run as it was stored, its time series included."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.model import RunRecord, Sample
from bench.report.look import Look, looks
from bench.report.tables import Series, series


@dataclass(frozen=True)
class Material:
    """A run, its samples in the order taken, and what could not be read of it, in words."""

    record: RunRecord
    samples: tuple[Sample, ...] = ()
    unreadable: tuple[str, ...] = ()

    @cached_property
    def looks(self) -> dict[str, Look]:
        return looks(self.record.plan.targets)

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The windows of a bench. A study's cells differ in pacing: they form no series."""
        return () if self.record.plan.study else series(self.record)

    def samples_of(self, unit: str) -> Sequence[Sample]:
        """One unit's samples, in the order taken."""
        return self._samples_by_unit.get(unit, ())

    @cached_property
    def _samples_by_unit(self) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            found.setdefault(sample.unit, []).append(sample)
        return found
