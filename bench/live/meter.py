"""From cumulative readings to what is used just now."""

from collections.abc import Iterator


class Meter:
    """What was used per second over the last `kept` readings of each name."""

    def __init__(self, kept: int = 4) -> None:
        self._kept = kept
        self._readings: dict[str, list[tuple[float, float]]] = {}

    def read(self, name: str, at_s: float, used_s: float) -> None:
        """A reading of the seconds used so far; one lower than before starts afresh."""
        readings = self._readings.get(name, [])
        if readings and (used_s < readings[-1][1] or at_s <= readings[-1][0]):
            readings = []
        self._readings[name] = [*readings[1 - self._kept :], (at_s, used_s)]

    def forget(self, name: str) -> None:
        """What was read no longer counts: the next reading is a first one."""
        self._readings.pop(name, None)

    def share(self, name: str) -> float | None:
        """Seconds used per second; None before there are two readings."""
        readings = self._readings.get(name, [])
        if len(readings) < 2:
            return None
        (first_s, first_used_s), (last_s, last_used_s) = readings[0], readings[-1]
        return (last_used_s - first_used_s) / (last_s - first_s)

    def shares(self) -> Iterator[tuple[str, float]]:
        """Seconds used per second, by name, of all that have been read twice."""
        for name in list(self._readings):
            share = self.share(name)
            if share is not None:
                yield name, share
