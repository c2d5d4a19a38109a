"""The buckets of a latency histogram, and the text in which they are stored and sent.

The arrays and the library that reads the text are loaded when a histogram is first asked for:
whoever looks or stops needs neither.
"""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LOWEST_US = 1
HIGHEST_US = 600_000_000
DIGITS = 3


class Histogram:
    """How many samples lie in each bucket. Histograms are equal that count the same.

    It is made of the text, or of what is `filled`; the other one is found when it is first asked
    for, and kept.
    """

    def __init__(self, source: "str | npt.NDArray[np.int64]") -> None:
        self._source = source

    @cached_property
    def filled(self) -> "npt.NDArray[np.int64]":
        """The numbers of the buckets that have samples, in rising order, and how many each has.

        Raises ValueError when the text has another range or precision, and what HdrHistogram
        raises when it is none of its texts.
        """
        return _decoded(self._source) if isinstance(self._source, str) else self._source

    @cached_property
    def text(self) -> str:
        """The counts in HdrHistogram's compressed base64 V2 encoding."""
        return self._source if isinstance(self._source, str) else _encoded(self._source)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return self.filled.tobytes() == other.filled.tobytes()

    def __repr__(self) -> str:
        return f"Histogram({self.text!r})"

    def __hash__(self) -> int:
        return hash(self.filled.tobytes())


def filled_of(counts: "npt.NDArray[np.integer]") -> "npt.NDArray[np.int64]":
    """What is filled, as `Histogram` has it, of counts that have a number for each bucket."""
    import numpy as np

    # numpy finds what is True in a third of the time that it takes with numbers.
    buckets = np.flatnonzero(counts != 0)
    filled = np.stack((buckets, counts[buckets].astype(np.int64)))
    filled.flags.writeable = False
    return filled


def _decoded(text: str) -> "npt.NDArray[np.int64]":
    import numpy as np
    from hdrh.histogram import HdrHistogram

    read = HdrHistogram.decode(text)
    shape = (read.lowest_trackable_value, read.highest_trackable_value, read.significant_figures)
    if shape != (LOWEST_US, HIGHEST_US, DIGITS):
        raise ValueError(f"a histogram of {shape} instead of {(LOWEST_US, HIGHEST_US, DIGITS)}")
    return filled_of(np.frombuffer(read.counts, dtype=np.uint64))


def _encoded(filled: "npt.NDArray[np.int64]") -> str:
    import numpy as np
    from hdrh.histogram import HdrHistogram

    written = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    buckets, counts = filled
    np.frombuffer(written.counts, dtype=np.uint64)[buckets] = counts
    if buckets.size:
        # Of these it takes how far the counts go.
        written.total_count = int(counts.sum())
        written.max_value = written.get_value_from_index(int(buckets[-1]))
    text: bytes = written.encode()
    return text.decode("ascii")
