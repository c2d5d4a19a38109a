"""A run as it was stored, its time series included."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.analysis.series import Series, series
from bench.model import Finding, RunRecord, Sample


@dataclass(frozen=True)
class StoredRun:
    """A run, its samples in the order taken, what could not be read of it, in words, and what was
    seen inside its services where it explains their cost.
    """

    record: RunRecord
    samples: tuple[Sample, ...] = ()
    unreadable: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The windows of a bench or an A/B. Another study's cells differ in pacing: no series."""
        return series(self.record) if self.record.plan.design.shares_pacing else ()

    def samples_of(self, unit: str) -> Sequence[Sample]:
        """One unit's samples, in the order taken."""
        return self._samples_by_unit.get(unit, ())

    @cached_property
    def _samples_by_unit(self) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            found.setdefault(sample.unit, []).append(sample)
        return found
