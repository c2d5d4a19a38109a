"""Student's t distribution, by way of scipy.

`scipy.special` is used because it loads in a tenth of the time that `scipy.stats` takes. Here and
in the modules beside it scipy loads a part of its own when that is first used: `make status` needs
none, and would wait longer for them than for the services.
"""

import math
from functools import lru_cache

import scipy  # type: ignore[import-untyped]  # scipy ships no types


@lru_cache(maxsize=1024)  # a report asks for the same few again and again
def critical_value(level: float, degrees_of_freedom: float) -> float:
    """The t that a two-sided interval at `level` reaches on each side of its centre.

    `degrees_of_freedom` need not be a whole number. Raises ValueError unless 0 < level < 1 and
    there is at least a positive fraction of a degree of freedom.
    """
    check_level(level)
    if not degrees_of_freedom > 0:
        raise ValueError(f"degrees of freedom must be positive, not {degrees_of_freedom}")
    return -float(scipy.special.stdtrit(degrees_of_freedom, (1 - level) / 2))


def two_sided_p(distance: float, standard_error: float, degrees_of_freedom: float) -> float:
    """The probability of a mean at least `distance` (either sign) from the true one.

    Without any spread (`standard_error` 0) it is 0, or 1 if there is no distance either.
    """
    if standard_error == 0:
        return 1.0 if distance == 0 else 0.0
    t = abs(distance) / standard_error
    return 2 * float(scipy.special.stdtr(degrees_of_freedom, -t))


def check_level(level: float) -> None:
    """Raises ValueError unless `level` is a probability strictly between 0 and 1."""
    if not 0 < level < 1 or math.isnan(level):
        raise ValueError(f"a confidence level lies between 0 and 1, not {level}")
