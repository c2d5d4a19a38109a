"""Finding the highest rate that passes a test, when the test is noisy and each try is dear.

Pure: the tries made so far go in, the next rate to try (or none) and the answer come out. So a
search can be stopped, stored and taken up again, and its answer can be derived once more later.

**The grid.** Only rates start x (1 + tolerance)^k are tried, so that a rate can be tried again and
two neighbours are a bracket of the wanted width.

**The way.** Gallop from the start in growing steps until a rate passes and a higher one does not,
then halve the gap. Each rate is tried once on this way, as most are far from the boundary and a
second try would say the same. At the boundary both neighbours are tried again: the answer must
pass twice, its upper neighbour fail twice. A try that contradicts an earlier one at the same rate
calls for a third, and the majority counts; if that moves the boundary, the search goes on from
there. The boundary is always the *lowest* rate that does not pass, so a lucky pass above it can
only cost tries.

**A bad moment.** When a rate passes by majority after it had not, the machine was at fault, and
with it perhaps the single tries that did not pass above that rate: they are set aside, and the
search gallops upwards again instead of disproving them one by one.

**The end.** A rate is settled after three tries at most, and settled for good; so the search
ends. A limit on the number of tries ends it sooner. It then says that it could not decide.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal["passed", "failed", "unjudged"]
"""How a try went. Unjudged: something else than what is tested gave way, so nothing is known."""


@dataclass(frozen=True)
class Trial:
    rate_per_s: float
    mark: Mark
    reason: str = ""


@dataclass(frozen=True)
class Search:
    """Where to start, how narrow the bracket must be, and where to give up."""

    start_per_s: float
    lowest_per_s: float
    highest_per_s: float
    tolerance: float = 0.03
    most_trials: int = 40

    def __post_init__(self) -> None:
        """Raises ValueError for limits that leave nothing to search."""
        if not 0 < self.lowest_per_s <= self.start_per_s <= self.highest_per_s < math.inf:
            raise ValueError("0 < lowest <= start <= highest must hold")
        if not (self.tolerance > 0 and self.most_trials > 0):
            raise ValueError("tolerance and number of trials must be positive")

    def rate_per_s(self, step: int) -> float:
        """The rate of a step of the grid: start x e^(step x width), the start being step 0."""
        return self.start_per_s * math.exp(step * self._width)

    def step(self, rate_per_s: float) -> int:
        """The step of the grid that is nearest to this rate."""
        return round(math.log(rate_per_s / self.start_per_s) / self._width)

    @property
    def bottom(self) -> int:
        """The lowest step whose rate is within the limits; never above 0."""
        return math.ceil(math.log(self.lowest_per_s / self.start_per_s) / self._width)

    @property
    def top(self) -> int:
        """The highest step whose rate is within the limits; never below 0."""
        return math.floor(math.log(self.highest_per_s / self.start_per_s) / self._width)

    @property
    def _width(self) -> float:
        return math.log1p(self.tolerance)


AnswerKind = Literal["found", "unjudged above", "none", "all", "undecided"]


@dataclass(frozen=True)
class Answer:
    """What is known of the boundary: it lies between `lower_per_s` and `upper_per_s`.

    - found: the lower passed twice or more, the upper failed as often.
    - unjudged above: the lower holds (if there is one), but the upper could not be judged.
    - none: the lowest rate fails. all: the highest rate passes.
    - undecided: tries ran out or contradict each other; the bracket is a guess.

    `contradictions` are the tries that went against the answer: the noise that it had to overcome.
    """

    kind: AnswerKind
    lower_per_s: float | None
    upper_per_s: float | None
    contradictions: tuple[Trial, ...]


@dataclass(frozen=True)
class _Point:
    """The tries at one rate, counted."""

    passed: int = 0
    failed: int = 0
    unjudged: int = 0

    @property
    def tries(self) -> int:
        return self.passed + self.failed + self.unjudged

    @property
    def passes(self) -> bool:
        return 2 * self.passed > self.tries

    @property
    def is_tie(self) -> bool:
        return 2 * self.passed == self.tries

    @property
    def is_settled(self) -> bool:
        return self.tries >= 3 or max(self.passed, self.failed, self.unjudged) >= 2


def next_rate(search: Search, trials: Sequence[Trial]) -> float | None:
    """The rate to try next, or None when the search is over."""
    if len(trials) >= search.most_trials:
        return None
    step = _next_step(search, _points(search, trials))
    return None if step is None else search.rate_per_s(step)


def answer(search: Search, trials: Sequence[Trial]) -> Answer:
    """What the tries say so far; final once `next_rate` gives None."""
    points = _points(search, trials)
    lower, upper = _boundary(points)
    return Answer(
        kind=_kind(search, points, lower, upper),
        lower_per_s=None if lower is None else search.rate_per_s(lower),
        upper_per_s=None if upper is None else search.rate_per_s(upper),
        contradictions=tuple(_against(search, trials, lower, upper)),
    )


def _points(search: Search, trials: Iterable[Trial]) -> Mapping[int, _Point]:
    """The tries that count, by step of the grid."""
    marks: dict[int, list[Mark]] = {}
    for trial in trials:
        step = search.step(trial.rate_per_s)
        marks.setdefault(step, []).append(trial.mark)
        if _is_overturned(_point(marks[step])):
            for above in [other for other in marks if other > step]:
                point = _point(marks[above])
                if not (point.is_settled or point.passes):
                    del marks[above]
    return {step: _point(seen) for step, seen in marks.items()}


def _point(seen: Sequence[Mark]) -> _Point:
    return _Point(seen.count("passed"), seen.count("failed"), seen.count("unjudged"))


def _is_overturned(point: _Point) -> bool:
    return point.is_settled and point.passes and point.passed < point.tries


def _boundary(points: Mapping[int, _Point]) -> tuple[int | None, int | None]:
    """The lowest step that does not pass, and the highest below it that does."""
    upper = min((step for step, point in points.items() if not point.passes), default=None)
    below = [step for step in points if upper is None or step < upper]
    return max(below, default=None), upper


def _next_step(search: Search, points: Mapping[int, _Point]) -> int | None:
    lower, upper = _boundary(points)
    if not points:
        return 0
    if upper is not None and points[upper].is_tie:
        return upper
    if upper is None and lower is not None and lower < search.top:
        return min(search.top, 2 * max(lower, 0) + 2)
    if lower is None and upper is not None and upper > search.bottom:
        return max(search.bottom, 2 * min(upper, 0) - 2)
    if lower is not None and upper is not None and upper - lower > 1:
        return (lower + upper) // 2
    return _to_confirm(points, lower, upper)


def _to_confirm(points: Mapping[int, _Point], *boundary: int | None) -> int | None:
    for step in boundary:
        if step is not None and not points[step].is_settled:
            return step
    return None


def _kind(
    search: Search, points: Mapping[int, _Point], lower: int | None, upper: int | None
) -> AnswerKind:
    if not points or _next_step(search, points) is not None:
        return "undecided"
    if upper is None:
        return "all"
    if points[upper].unjudged >= 2:
        return "unjudged above"
    if points[upper].failed < 2:
        return "undecided"
    return "none" if lower is None else "found"


def _against(
    search: Search, trials: Iterable[Trial], lower: int | None, upper: int | None
) -> Iterable[Trial]:
    for trial in trials:
        step = search.step(trial.rate_per_s)
        high = upper is not None and step >= upper
        low = lower is not None and step <= lower
        if (high and trial.mark == "passed") or (low and trial.mark == "failed"):
            yield trial
