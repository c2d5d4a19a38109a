"""Two runs against each other: ratios with intervals, and the band that counts as no change."""

import math
from collections.abc import Sequence

import altair as alt

from bench.analysis.judging import PhaseVerdict
from bench.report.document import Plot
from bench.report.plots.frame import Cut, cut, lanes, log_span, marker, moved, unbounded
from bench.report.plots.paper import INK, SOFT, fading, marks, plot, target_colour, tooltip
from bench.report.plots.rows import PlotRows, layered, number, who
from bench.report.style import Styles
from bench.report.words import verdict_words
from bench.words import interval_words, p_words

_LANE = 26
_AXIS = "head / base (log): 1 is no change"
_TIPS = (
    ("name", "framework"),
    ("operation", "operation"),
    ("told", "head / base"),
    ("verdict", "verdict"),
    ("p", "p (Holm)"),
)


def changes_plot(
    found: Sequence[PhaseVerdict],
    styles: Styles,
    threshold: float,
    *,
    name: str,
    title: str,
) -> Plot | None:
    """All rows of one measure. None where no row has a ratio."""
    rows = [row for change in found if (row := _row(change, styles))]
    if not rows:
        return None
    operations = list(dict.fromkeys(str(row["operation"]) for row in rows))
    # What the others are compared with has no row of its own.
    compared = {change.target for change in found}
    shown = {target: style for target, style in styles.items() if target in compared}
    frame = lanes("operation", operations, shown, _LANE)
    ends = [number(row[name]) for row in rows for name in ("low", "high") if row[name] is not None]
    edges = 1 / (1 + threshold), 1 + threshold
    span = log_span([*(number(row["ratio"]) for row in rows), *edges], ends)
    x = alt.X(
        "ratio:Q",
        title=_AXIS,
        scale=alt.Scale(type="log", domain=list(span), nice=False, padding=34),
        axis=alt.Axis(tickCount=6, format="~g"),
    )
    base = frame.put(marks()).encode(x=x, opacity=fading(), tooltip=tooltip(*_TIPS))
    intervals = cut(rows, span, arrows=("←", "→"))
    drawn, data = layered(
        {**_band(x, edges), **_layers(base, x, unbounded(rows), intervals, span, styles)}
    )
    told = "; ".join(
        f"{row['operation']}, {row['name']}: {row['told']}, {row['verdict']}" for row in rows
    )
    described = f"Ratios head / base of {title}. {told}."
    return plot(name, title, described, drawn, frame.height, data)


def _band(x: alt.X, edges: tuple[float, float]) -> dict[str, tuple[alt.Chart, PlotRows]]:
    """What counts as no change, and 1."""
    rows = [{"from": edges[0], "to": edges[1], "one": 1}]
    return {
        "band": (
            marks()
            .mark_rect(color=SOFT, opacity=0.14)
            .encode(x=moved(x, "from"), x2=alt.X2("to:Q")),
            rows,
        ),
        "same": (marks().mark_rule(color=SOFT, strokeDash=[4, 4]).encode(x=moved(x, "one")), rows),
    }


def _layers(
    base: alt.Chart,
    x: alt.X,
    rows: PlotRows,
    intervals: Cut,
    span: tuple[float, float],
    styles: Styles,
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    colours = target_colour(styles)
    rule = base.mark_rule(strokeWidth=2.5).encode(
        x=moved(x, "from"), x2=alt.X2("to:Q"), color=colours
    )
    arrow = base.mark_text(fontSize=15, fontWeight=700).encode(
        x=moved(x, "end"), text=alt.Text("arrow:N"), color=colours
    )
    near, far = _by_room(rows, span)
    words = alt.Text("verdict:N")
    beside = base.mark_text(align="left", dx=10, dy=-8, fontSize=10.5, color=INK).encode(text=words)
    before = base.mark_text(align="right", dx=-10, dy=-8, fontSize=10.5, color=INK)
    return {
        "intervals": (rule, intervals.shown),
        "arrows": (arrow, intervals.arrows),
        "ratios": (marker(base, styles, 110), rows),
        "verdicts": (beside, near),
        "far_verdicts": (before.encode(text=words), far),
    }


def _by_room(rows: PlotRows, span: tuple[float, float]) -> tuple[PlotRows, PlotRows]:
    """Rows with more room behind their mark, and those with more room before it."""
    middle = math.sqrt(span[0] * span[1])  # of a log scale
    near = [row for row in rows if number(row["ratio"]) <= middle]
    far = [row for row in rows if number(row["ratio"]) > middle]
    return near, far


def _row(change: PhaseVerdict, styles: Styles) -> dict[str, object] | None:
    ratio = change.ratio
    if ratio is None:
        return None
    known = ratio.n > 1
    return {
        **who(styles[change.target]),
        "operation": change.title,
        "ratio": ratio.point,
        "low": ratio.low if known else None,
        "high": ratio.high if known else None,
        "told": interval_words(ratio),
        "verdict": verdict_words(change.verdict, change.measure),
        "p": p_words(change.verdict.p_value),
    }
