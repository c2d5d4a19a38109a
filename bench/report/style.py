"""How each target looks, everywhere and always: its names, its place, its colour and its marker.

A framework has a hue, a mode a marker and a shade. Both come from the registry of targets, so a
newcomer gets the next hue and nobody else changes. No plot says by a colour alone whose a figure
is, so that nothing is lost to a colour-blind reader or a black-and-white printer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bench.model import Mode, RunRecord, TargetRecord
from bench.targets import known_targets

_WIDEST_SHORT = 12


@dataclass(frozen=True)
class Paint:
    """A colour on light paper and on dark."""

    light: str
    dark: str


@dataclass(frozen=True)
class Hue:
    """A framework's colour: plain, deep for what is tuned, and its name on a terminal."""

    plain: Paint
    deep: Paint
    terminal: str


# At least 3 : 1 against both papers (WCAG 2.2, 1.4.11). Equal steps in OKLCH: deep is darker by
# 0.18 of its lightness on light paper, by 0.19 on dark.
HUES = (
    Hue(Paint("#0f9293", "#44d6d6"), Paint("#0c5859", "#019696"), "cyan"),
    Hue(Paint("#d4780c", "#ffa659"), Paint("#8a4b01", "#be6b0b"), "yellow"),
    Hue(Paint("#d63150", "#fd7d89"), Paint("#890028", "#cb2348"), "red"),
    Hue(Paint("#3a74e3", "#81adff"), Paint("#033ba6", "#356ddc"), "blue"),
    Hue(Paint("#8f4ecc", "#ca9bfe"), Paint("#5b0990", "#9554d2"), "magenta"),
    Hue(Paint("#699700", "#b0e562"), Paint("#405d02", "#76a713"), "green"),
    Hue(Paint("#d446a1", "#fe7ccb"), Paint("#910569", "#c23492"), "bright_magenta"),
    Hue(Paint("#6a7586", "#b2bfd1"), Paint("#394353", "#788496"), "bright_black"),
    Hue(Paint("#a18c0b", "#e1cb60"), Paint("#665803", "#a48f13"), "bright_yellow"),
    Hue(Paint("#069253", "#59d38c"), Paint("#02572f", "#109556"), "bright_green"),
)


@dataclass(frozen=True)
class Marker:
    """A shape, by Vega's name for it, and a character that looks like it."""

    shape: str
    character: str


MARKERS: Mapping[Mode, tuple[Marker, ...]] = {
    "standard": (Marker("circle", "●"), Marker("triangle-up", "▲"), Marker("triangle-down", "▼")),
    "tuned": (
        Marker("diamond", "◆"),
        Marker("triangle-right", "▶"),
        Marker("triangle-left", "◀"),
    ),
    "engine": (Marker("square", "■"), Marker("cross", "✚"), Marker("wedge", "▴")),
}
"""A framework's first target of a mode has the first of the mode's markers, its second the next."""


@dataclass(frozen=True)
class TargetStyle:
    """One target's names for prose and for an axis, its mode, and how it is drawn.

    `colour` names one of `colours()`, and `terminal` a colour as terminals know it.
    """

    name: str
    label: str
    short: str
    mode: Mode
    colour: str
    terminal: str
    marker: Marker


Styles = Mapping[str, TargetStyle]
"""By the targets' names, in their constant order."""

NO_STYLES: Styles = {}
"""Of a table that stands in no document."""


def colours() -> Mapping[str, Paint]:
    """Every colour that a target may have, by its name."""
    return {
        name: paint
        for number, hue in enumerate(HUES)
        for name, paint in ((f"hue-{number}", hue.plain), (f"hue-{number}-deep", hue.deep))
    }


def styles_of(record: RunRecord) -> Styles:
    """The style of each of the run's targets, in the plan's order."""
    return styles(map(record.target, record.plan.targets))


def styles(targets: Iterable[TargetRecord]) -> Styles:
    """The style of each of these targets.

    Those that this checkout does not know (an old run's) come after those it does. Up to ten
    frameworks have ten hues.
    """
    wanted = {target.name: target for target in targets}
    unknown = sorted(wanted.keys() - {target.name for target in _known()})
    every = (*_known(), *(wanted[name] for name in unknown))
    present = {target.framework for target in wanted.values()}
    hues = _hues(list(dict.fromkeys(target.framework for target in every)), present)
    return {
        target.name: _style(wanted[target.name], hues[target.framework], _number(target, every))
        for target in every
        if target.name in wanted
    }


def marker_key(styles: Styles) -> Mapping[Mode, Sequence[Marker]]:
    """The markers of each mode among these targets; none where all are used in the same way."""
    found: dict[Mode, list[Marker]] = {}
    for style in styles.values():
        markers = found.setdefault(style.mode, [])
        if style.marker not in markers:
            markers.append(style.marker)
    return found if len(found) > 1 else {}


def marker_key_words(styles: Styles) -> str:
    """E.g. "● ▲ standard, ◆ tuned"; "" where all are used in the same way."""
    return ", ".join(
        " ".join((*(marker.character for marker in markers), mode))
        for mode, markers in marker_key(styles).items()
    )


def _hues(frameworks: Sequence[str], present: set[str]) -> Mapping[str, int]:
    """The hue of each framework that is present: that of its place, or the next that is free."""
    found: dict[str, int] = {}
    for place, framework in enumerate(frameworks):
        if framework in present:
            ring = [(place + step) % len(HUES) for step in range(len(HUES))]
            free = [hue for hue in ring if hue not in found.values()]
            found[framework] = (free or ring)[0]
    return found


def _number(target: TargetRecord, every: Iterable[TargetRecord]) -> int:
    """Which of its framework's targets of its mode it is, from 0."""
    same = [
        other.name
        for other in every
        if (other.framework, other.mode) == (target.framework, target.mode)
    ]
    return same.index(target.name)


def _style(target: TargetRecord, hue: int, number: int) -> TargetStyle:
    """A variant is told from the one that is named like their framework: "Flask tuned"."""
    short = target.label if len(target.label) <= _WIDEST_SHORT else target.framework.upper()
    markers = MARKERS[target.mode]
    return TargetStyle(
        target.name,
        target.title,
        f"{short} {target.variant}".rstrip(),
        target.mode,
        f"hue-{hue}-deep" if target.mode == "tuned" else f"hue-{hue}",
        HUES[hue].terminal,
        markers[number % len(markers)],
    )


@cache
def _known() -> tuple[TargetRecord, ...]:
    return tuple(map(TargetRecord.of, known_targets()))
