"""How each framework looks, everywhere and always: its place, its colour and its marker.

The place comes from the registry of targets, so a newcomer gets the next colour and nobody else
changes. Colours differ in lightness as well as hue, and no colour stands without its marker, so
that nothing is lost to a colour-blind reader or a black-and-white printer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from bench.analysis.stored import StoredRun
from bench.targets import known_targets

_WIDEST_SHORT = 12


@dataclass(frozen=True)
class Swatch:
    """A colour on light and on dark paper, and a marker by Vega's name for it."""

    light: str
    dark: str
    marker: str


# At least 3 : 1 against both papers (WCAG 2.2, 1.4.11).
SWATCHES = (
    Swatch("#0b7a7c", "#3cc9c4", "circle"),
    Swatch("#c27307", "#f5b04c", "square"),
    Swatch("#a2223a", "#ff8a9a", "diamond"),
    Swatch("#2f5fc4", "#8db4ff", "triangle-up"),
    Swatch("#7a3fa8", "#cf9df5", "cross"),
    Swatch("#4d6b1e", "#b3d36b", "triangle-down"),
    Swatch("#8a5a3c", "#dcae8c", "triangle-right"),
    Swatch("#5b6472", "#b4bdca", "triangle-left"),
)


@dataclass(frozen=True)
class Look:
    """One target's place among all, its names for prose and for an axis, and its swatch."""

    name: str
    label: str
    slot: int

    @property
    def short(self) -> str:
        return self.label if len(self.label) <= _WIDEST_SHORT else self.name.upper()

    @property
    def swatch(self) -> Swatch:
        return SWATCHES[self.slot % len(SWATCHES)]

    @property
    def marker(self) -> str:
        return self.swatch.marker


def looks_of(run: StoredRun) -> dict[str, Look]:
    """The looks of a run's targets, in their constant order."""
    return looks(run.record.plan.targets)


def looks(names: Iterable[str]) -> dict[str, Look]:
    """The look of every named target, in their constant order.

    Names that this checkout does not know (an old run's) come after those it does.
    """
    labels = _known_labels()
    wanted = set(names)
    order = [*labels, *sorted(wanted - set(labels))]
    return {
        name: Look(name, labels.get(name, name), slot)
        for slot, name in enumerate(order)
        if name in wanted
    }


@cache
def _known_labels() -> dict[str, str]:
    return {target.name: target.title for target in known_targets()}
