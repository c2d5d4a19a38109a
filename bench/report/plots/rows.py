"""The rows that plots are drawn from: how they are told apart, packed and rounded.

A page is attached to mails. Rows that are many are sent packed: one for all that agree, with
lists of what differs, which Vega takes apart again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

import altair as alt

from bench.report.style import Styles, TargetStyle

PlotRows = Sequence[Mapping[str, object]]

_DIGITS = 7
"""Significant digits of a figure: more than any measurement here has."""


def who(style: TargetStyle) -> dict[str, object]:
    """The members of a row by which its target is known."""
    return {"target": style.name, "label": style.short, "name": style.label}


def named(layer: alt.Chart, styles: Styles, nobody: str = "") -> alt.Chart:
    """The layer, with labels and names made from `target`: for rows that are many.

    `nobody` is the name of what belongs to no target.
    """
    labels = {style.name: style.short for style in styles.values()}
    names = {"": nobody, **{style.name: style.label for style in styles.values()}}
    return layer.transform_calculate(
        label=f"{json.dumps(labels)}[datum.target]", name=f"{json.dumps(names)}[datum.target]"
    )


def packed(rows: Iterable[Mapping[str, object]], *along: str) -> PlotRows:
    """One row for all that differ in nothing but the members `along`, which become lists."""
    groups: dict[str, tuple[dict[str, object], dict[str, list[object]]]] = {}
    for row in rows:
        shared = {name: value for name, value in row.items() if name not in along}
        _, lists = groups.setdefault(
            json.dumps(shared, sort_keys=True), (shared, {name: [] for name in along})
        )
        for name in along:
            lists[name].append(row[name])
    return [{**shared, **lists} for shared, lists in groups.values()]


def unpacked(layer: alt.Chart, *along: str) -> alt.Chart:
    """The layer over `packed` rows, taken apart again."""
    return layer.transform_flatten(list(along))


def layered(
    parts: Mapping[str, tuple[alt.Chart, PlotRows]],
) -> tuple[list[alt.Chart], dict[str, PlotRows]]:
    """Layers over the rows that each is made from, and these rows by name.

    A layer without rows is left out: its scales would have no extent. Layers over the same rows
    share them under the name of the first.
    """
    drawn = {name: part for name, part in parts.items() if part[1]}
    names: dict[int, str] = {}
    for name, (_, rows) in drawn.items():
        names.setdefault(id(rows), name)
    for layer, rows in drawn.values():  # `properties` would copy all of it
        layer.data = alt.NamedData(name=names[id(rows)])
    layers = [layer for layer, _ in drawn.values()]
    return layers, {name: drawn[name][1] for name in names.values()}


def number(value: object) -> float:
    """A row's member that is known to be a number."""
    assert isinstance(value, (int, float))
    return value


def rounded(rows: PlotRows) -> PlotRows:
    """The rows with all figures rounded to seven significant digits."""
    return [{name: _rounded(value) for name, value in row.items()} for row in rows]


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
