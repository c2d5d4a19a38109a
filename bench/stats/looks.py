"""Looking several times at figures that still grow, with one error rate for all looks together.

Who looks five times has five chances to see what is not there. So the looks share the error rate,
each with twice the part of the one before: of five looks and 5 %, 0.2, 0.3, 0.6, 1.3 and 2.6 %. By
Bonferroni's inequality all together keep 95 %, however they depend on each other. A quiet machine
is done early although the first looks are strict; a noisy one has most of the error rate when it
has most rounds.
"""

from collections.abc import Sequence


def level_of(look: int, looks: Sequence[int], level: float = 0.95) -> float:
    """The level of one look; all of them together keep `level`."""
    part = 2.0 ** looks.index(look) / (2.0 ** len(looks) - 1)
    return 1 - (1 - level) * part


def next_look(done: int, looks: Sequence[int]) -> int | None:
    """The number of rounds at the next look; None after the last one."""
    return next((look for look in looks if look > done), None)


def latest_look(done: int, looks: Sequence[int]) -> int:
    """The look that `done` rounds have reached; the first one where none is reached yet."""
    return max((look for look in looks if look <= done), default=looks[0])
