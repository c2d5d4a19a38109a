"""Runs that are more than a bench: what was asked of them, as it is stored with them."""

from dataclasses import asdict, dataclass, replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from bench.errors import StoreError
from bench.model import Arrivals, RunRecord

_KEY = "study"


@dataclass(frozen=True)
class Sweep:
    """The same load at several concurrencies."""

    levels: tuple[int, ...]
    kind: Literal["sweep"] = "sweep"


@dataclass(frozen=True)
class Saturation:
    """The search for the highest rate whose p99 latency is at most `objective_s`.

    It starts at `start_share` of the capacity that a closed loop with `concurrency` connections
    has, and ends when the answer is known to within `tolerance`.
    """

    objective_s: float
    arrivals: Arrivals
    concurrency: int
    tolerance: float = 0.03
    start_share: float = 0.8
    lowest_per_s: float = 20.0
    highest_share: float = 4.0
    most_trials: int = 40
    kind: Literal["saturation"] = "saturation"


Study = Sweep | Saturation
_STUDY: TypeAdapter[Study] = TypeAdapter(Study)


def study_of(record: RunRecord) -> Study | None:
    """What the run studied; None for a plain bench. Raises StoreError when it is unreadable."""
    stored = record.provenance.get(_KEY)
    if stored is None:
        return None
    try:
        return _STUDY.validate_python(stored)
    except ValidationError as error:
        raise StoreError(f"run {record.run_id} has a study that is not one: {error}") from error


def with_study(record: RunRecord, study: Study) -> RunRecord:
    """The record with what it studies."""
    return replace(record, provenance={**record.provenance, _KEY: asdict(study)})


def study_words(study: Study) -> str:
    """What is studied, where a bench would name its pacing."""
    if isinstance(study, Sweep):
        return f"closed loop, {min(study.levels)} to {max(study.levels)} connections"
    return (
        f"open loop, {study.arrivals} arrivals, search for the highest rate with a p99 latency of "
        f"at most {study.objective_s * 1e3:g} ms"
    )
