"""CPU and memory over time, with what was done meanwhile marked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import altair as alt

from bench.analysis.timeline import Band, Reading, SetUp, Span, UsageLine, overlapping
from bench.metrics import METRICS
from bench.report.document import Plot
from bench.report.plots.frame import marker, nearest, room
from bench.report.plots.paper import (
    ISOLATED,
    SOFT,
    fading,
    from_top,
    marks,
    plot,
    target_colour,
    tooltip,
)
from bench.report.plots.rows import PlotRows, layered, named, number, packed, unpacked
from bench.report.style import Styles

MOST_TOLD = 200
"""With more windows than this they are too narrow to hover, and their words too many to carry."""

MOST_TINTED = 800
"""More windows than a plot has pixels cannot be seen."""

_HEIGHT = 130
_TOP = 6
"""Pixels below the upper edge, where the marks of tinted windows stand."""

_FEWEST_APART = 0.022
"""Of the plot's width: closer marks would cover each other."""

_NARROWEST = 0.003
"""Of the plot's width: turns that are narrower cannot be told apart."""

_MARKED = 16
"""Marks on a line at the most; a shorter line has one at each of its readings."""

_SECONDS = "seconds since the run began"
_GENERATOR = "load generator"


@dataclass(frozen=True)
class Quantity:
    """What a vertical axis shows. `scale` turns a line's unit into the axis's."""

    axis: str
    unit: str
    scale: float
    decimals: int
    interpolate: Literal["step-before", "linear"]
    when: str

    def told(self, value: float) -> str:
        """A line's value in words, e.g. "97 % of a core"."""
        return f"{value * self.scale:,.{self.decimals}f} {self.unit}"


CPU = Quantity("CPU, % of a core", "% of a core", 1.0, 0, "step-before", "mean until second")
MEMORY = Quantity("PSS, MB", "MB", 1e-6, 1, "linear", "read at second")


@dataclass(frozen=True)
class _Tint:
    """A stretch of time, tinted once, in which these windows or set-ups were; in seconds."""

    of: tuple[Band, ...] | tuple[SetUp, ...]
    start_s: float
    end_s: float

    @property
    def set_up(self) -> bool:
        return isinstance(self.of[0], SetUp)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(bar.target for bar in self.of))


@dataclass(frozen=True)
class Scene:
    """What the time plots of one figure have in common: when it was, and what was done then."""

    styles: Styles
    span_s: Span
    windows: Sequence[Band]
    set_ups: Sequence[SetUp]

    @cached_property
    def stretches(self) -> PlotRows:
        """The windows and set-ups, in order; with many of them the windows alone, wordless."""
        if len(self.windows) > MOST_TINTED:
            return []
        if len(self.windows) > MOST_TOLD:
            return packed(map(_stretch, self._measured()), "start", "end")
        set_ups = (
            _Tint(found, found[0].start_s, max(set_up.end_s for set_up in found))
            for found in overlapping(self.set_ups)
        )
        every = sorted([*self._measured(), *set_ups], key=lambda tint: tint.start_s)
        marked = {tint.start_s for tint in self._marked()}
        return [
            {
                **_stretch(tint),
                **_words(tint),
                "place": place,
                "marked": not tint.set_up and tint.start_s in marked,
            }
            for place, tint in enumerate(every)
        ]

    def _measured(self) -> Iterator[_Tint]:
        """Every window or turn; turns too narrow to be told apart are one stretch of all."""
        narrowest_s = _NARROWEST * (self.span_s[1] - self.span_s[0])
        for found in overlapping(self.windows):
            turns = [_Tint((band,), *span) for band in found for span in band.spans]
            shortest_s = min(turn.end_s - turn.start_s for turn in turns)
            if len(turns) > 1 and shortest_s < narrowest_s:
                yield _Tint(found, found[0].start_s, max(band.end_s for band in found))
            else:
                yield from turns

    def _marked(self) -> Iterator[_Tint]:
        """Stretches of one target that have room for a mark above them."""
        before, apart = -1.0, _FEWEST_APART * (self.span_s[1] - self.span_s[0])
        for tint in sorted(self._measured(), key=lambda tint: tint.start_s):
            middle = (tint.start_s + tint.end_s) / 2
            if len(tint.targets) == 1 and (before < 0 or middle - before >= apart):
                before = middle
                yield tint

    def during(self, at_s: float) -> int | None:
        """The place of the stretch in which a moment lies."""
        for place, row in enumerate(self.stretches if self.told else ()):
            if number(row["start"]) <= at_s <= number(row["end"]):
                return place
        return None

    @property
    def told(self) -> bool:
        """Whether windows are few enough for each to be told when it is pointed at."""
        return len(self.windows) <= MOST_TOLD


def over_time_plot(
    name: str,
    title: str,
    quantity: Quantity,
    lines: Mapping[str, UsageLine],
    scene: Scene,
    tell: Callable[[str], str],
) -> Plot | None:
    """A line per target over the windows of all; "" stands for a line that belongs to none.

    A single reading makes no line: it is left out. None where that leaves nothing. `tell` says of
    a target what its readings alone do not.
    """
    lines = {target: line for target, line in lines.items() if len(line.known) > 1}
    if not lines:
        return None
    drawn, data = layered(
        {
            **_tints(scene),
            **_lines(quantity, lines, scene),
        }
    )
    told = "; ".join(
        f"{scene.styles[target].label if target else _GENERATOR}: "
        f"{_range(quantity, line)}{tell(target)}"
        for target, line in lines.items()
    )
    described = (
        f"{title}, {quantity.axis}, over time, with {len(scene.windows)} measured windows. {told}."
    )
    return plot(name, title, described, drawn, _HEIGHT, data)


def _range(quantity: Quantity, line: UsageLine) -> str:
    known = line.known
    return f"{quantity.told(min(known))} to {quantity.told(max(known))} in {len(known):,} readings"


# -- what was done meanwhile ------------------------------------------------------------------


def _tints(scene: Scene) -> dict[str, tuple[alt.Chart, PlotRows]]:
    if not scene.told:
        return {"stretches": (_tint(unpacked(marks(), "start", "end"), scene), scene.stretches)}
    top = named(marks(), scene.styles).transform_filter("datum.marked")
    middle = top.transform_calculate(middle="(datum.start + datum.end) / 2")
    return {
        "stretches": (_tint(marks(), scene), scene.stretches),
        "tops": (
            marker(middle, scene.styles, 30).encode(
                x=_x(scene, "middle"), y=from_top(_TOP), opacity=fading()
            ),
            scene.stretches,
        ),
    }


def _tint(layer: alt.Chart, scene: Scene) -> alt.Chart:
    # A set-up is no measurement, and paler. What is of several targets is also of the isolated one.
    strength = f"(datum.set_up ? 0.4 : 1) * ({ISOLATED} || !datum.target ? 1 : 0.2)"
    tinted: alt.Chart = named(layer, scene.styles).transform_calculate(
        strength=f"0.17 * {strength}"
    )
    made: alt.Chart = tinted.mark_rect(clip=True).encode(
        x=_x(scene, "start"),
        x2=alt.X2("end:Q"),
        color=alt.when("datum.target")
        .then(target_colour(scene.styles))
        .otherwise(alt.ColorValue(SOFT)),
        opacity=alt.Opacity("strength:Q", scale=None, legend=None),
    )
    return made


def _stretch(tint: _Tint) -> dict[str, object]:
    """What is drawn of it; "" is the target of what is of several."""
    return {
        "target": tint.targets[0] if len(tint.targets) == 1 else "",
        "start": round(tint.start_s, 2),
        "end": round(tint.end_s, 2),
        "set_up": tint.set_up,
    }


def _words(tint: _Tint) -> dict[str, object]:
    titles = dict.fromkeys(bar.title if isinstance(bar, Band) else bar.workload for bar in tint.of)
    what = f"{', '.join(titles)}, round {tint.of[0].round}, {', '.join(tint.targets)}"
    if tint.set_up:
        return {"what": f"set-up and warm-up of {what}", "rate": "not measured"}
    bands = [bar for bar in tint.of if isinstance(bar, Band)]
    if len(bands) == 1:
        return {"what": what, "rate": _rate(bands[0])}
    rates = (
        f"{band.target}{f' {band.title}' if len(titles) > 1 else ''}: {_rate(band)}"
        for band in bands
    )
    return {"what": f"{what} in turns", "rate": "; ".join(rates)}


def _rate(band: Band) -> str:
    rate, cost = METRICS["rate"], METRICS["app_cost"]
    return (
        f"{rate.format(rate.per_window(band.window))} {rate.unit}, "
        f"{cost.format(cost.per_window(band.window))} {cost.unit}/request"
    )


# -- the lines --------------------------------------------------------------------------------


def _lines(
    quantity: Quantity, lines: Mapping[str, UsageLine], scene: Scene
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    points = packed(_points(quantity, lines, scene), "x", "y", "during")
    highest = quantity.scale * max(value for line in lines.values() for value in line.known)
    x, y = _x(scene, "x"), _y(quantity, highest)
    base = named(unpacked(marks(), "x", "y", "during"), scene.styles, _GENERATOR).encode(x=x, y=y)
    line = base.mark_line(strokeWidth=1.4, interpolate=quantity.interpolate)
    own = line.encode(color=target_colour(scene.styles), opacity=fading())
    common = line.encode(color=alt.ColorValue(SOFT), opacity=fading(1, 0.5))
    marked = named(unpacked(marks(), "x", "y"), scene.styles).encode(x=x, y=y, opacity=fading())
    return {
        "lines": (own if any(lines) else common, points),
        "marks": (marker(marked, scene.styles, 34), packed(_marks(quantity, lines), "x", "y")),
        "nearest": (_hover(base, quantity, scene), points),
    }


def _hover(base: alt.Chart, quantity: Quantity, scene: Scene) -> alt.Chart:
    """The reading nearest to the pointer, and the window that it lies in."""
    layer = base.transform_filter("isValid(datum.y)")
    tips = [
        alt.Tooltip("name:N", title="of"),
        alt.Tooltip("x:Q", title=quantity.when, format=",.1f"),
        alt.Tooltip("y:Q", title=quantity.axis, format=f",.{quantity.decimals}f"),
    ]
    if scene.told and scene.stretches:
        found = alt.LookupData(
            data=alt.NamedData(name="stretches"), key="place", fields=["what", "rate"]
        )
        layer = layer.transform_lookup("during", from_=found, default="none")
        tips += tooltip(("what", "window"), ("rate", "rate and app CPU"))
    return nearest(layer, tips)


def _points(
    quantity: Quantity, lines: Mapping[str, UsageLine], scene: Scene
) -> Iterator[dict[str, object]]:
    for target, line in lines.items():
        for reading in _without_repeats(line.readings):
            yield {
                **_point(quantity, target, reading),
                "during": scene.during(reading.at_s),
            }


def _point(quantity: Quantity, target: str, reading: Reading) -> dict[str, object]:
    value = None if reading.value is None else round(reading.value * quantity.scale, 2)
    return {"target": target, "x": round(reading.at_s, 2), "y": value}


def _without_repeats(readings: Sequence[Reading]) -> Iterator[Reading]:
    """Readings but those between two others of the same value: a frozen unit has many."""
    for turn, reading in enumerate(readings):
        around = readings[max(0, turn - 1) : turn + 2]
        if len(around) < 3 or any(neighbour.value != reading.value for neighbour in around):
            yield reading


def _marks(quantity: Quantity, lines: Mapping[str, UsageLine]) -> Iterator[dict[str, object]]:
    """Every reading of a short line; of a longer one the highest of equal slices of its time."""
    for target, line in lines.items():
        if target:
            for reading in _sparse(line.readings):
                yield _point(quantity, target, reading)


def _sparse(readings: Sequence[Reading]) -> Iterator[Reading]:
    first, last = readings[0].at_s, readings[-1].at_s
    slices: dict[int, Reading] = {}
    for turn, reading in enumerate(readings):
        place = int(_MARKED * (reading.at_s - first) / (last - first)) if last > first else 0
        place = turn if len(readings) <= _MARKED else min(place, _MARKED - 1)
        # At rest all units are alike.
        if reading.value and reading.value > (slices[place].value or 0 if place in slices else 0):
            slices[place] = reading
    yield from slices.values()


def _x(scene: Scene, field: str) -> alt.X:
    start, end = (round(edge, 1) for edge in scene.span_s)
    # Without a scale of its own a layer of ranges would bring the axis back to 0.
    scale = alt.Scale(domain=[start, end], nice=False, zero=False)
    return alt.X(f"{field}:Q", title=_SECONDS, scale=scale, axis=alt.Axis(grid=False, tickCount=8))


def _y(quantity: Quantity, highest: float) -> alt.Y:
    # Room for the marks of windows, above the lines.
    scale = room(highest, 0.16)
    return alt.Y("y:Q", title=quantity.axis, scale=scale, axis=alt.Axis(tickCount=4))
