"""How each target looks, everywhere and always: its names, its place, its colour and its marker.

The place comes from the registry of targets, so a newcomer gets the next colour and nobody else
changes. Colours differ in lightness as well as hue, and no colour stands without its marker, so
that nothing is lost to a colour-blind reader or a black-and-white printer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from bench.analysis.stored import StoredRun
from bench.model import TargetRecord
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
    Swatch("#b0348a", "#f29bd4", "wedge"),
    Swatch("#11703f", "#6fd39a", "arrow"),
)


@dataclass(frozen=True)
class TargetStyle:
    """One target's place among all, its names for prose and for an axis, and its swatch."""

    name: str
    label: str
    short: str
    slot: int

    @property
    def swatch(self) -> Swatch:
        return SWATCHES[self.slot % len(SWATCHES)]

    @property
    def marker(self) -> str:
        return self.swatch.marker


Styles = Mapping[str, TargetStyle]
"""By the targets' names, in their constant order."""


def styles_of(run: StoredRun) -> Styles:
    """The styles of a run's targets."""
    return styles(map(run.record.target, run.record.plan.targets))


def styles(targets: Iterable[TargetRecord]) -> Styles:
    """The style of each of these targets.

    Those that this checkout does not know (an old run's) come after those it does.
    """
    wanted = {target.name: target for target in targets}
    known = _known_names()
    order = [*known, *sorted(wanted.keys() - set(known))]
    return {name: _style(wanted[name], slot) for slot, name in enumerate(order) if name in wanted}


def _style(target: TargetRecord, slot: int) -> TargetStyle:
    """A variant is told from the one that is named like their framework: "Flask tuned"."""
    short = target.label if len(target.label) <= _WIDEST_SHORT else target.framework.upper()
    return TargetStyle(
        target.name,
        target.title,
        f"{short} {target.variant}".rstrip(),
        slot,
    )


@cache
def _known_names() -> tuple[str, ...]:
    return tuple(target.name for target in known_targets())
