"""Diagnostics, estimates and verdicts."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Diagnostic:
    """What weakens a figure: what was seen, and the remedy.

    A `note` is worth knowing; a `doubt` says that the figure may be off; `invalid` forbids its use.
    """

    code: str
    message: str
    remedy: str
    severity: Literal["note", "doubt", "invalid"] = "doubt"


CountedDiagnostic = tuple[Diagnostic, int]
"""A diagnostic, and how often it was raised."""


@dataclass(frozen=True)
class Estimate:
    """A point with its interval at `level` (0.95 for 95 %), from `n` rounds."""

    point: float
    low: float
    high: float
    level: float
    n: int


VerdictKind = Literal["faster", "slower", "indistinguishable", "inconclusive", "invalid"]


@dataclass(frozen=True)
class Verdict:
    """How `subject` compares with `reference`: `ratio` is subject / reference of a rate.

    `rounds_help` is False where no number of rounds would settle it: none has the figure.
    `left_out` counts the rounds that it was judged without, as only one side has them. `causes` say
    why it is invalid, where single rounds of it are, a word each: `reason` begins with them.
    """

    kind: VerdictKind
    subject: str
    reference: str
    ratio: Estimate | None
    threshold: float
    p_value: float | None = None
    rounds_needed: int | None = None
    reason: str = ""
    rounds_help: bool = True
    left_out: int = 0
    causes: tuple[str, ...] = ()
