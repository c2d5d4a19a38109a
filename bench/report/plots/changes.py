"""Two runs against each other: ratios with intervals, and the band that counts as no change."""

from collections.abc import Mapping, Sequence
from math import isfinite

import altair as alt

from bench.report.compare import Row
from bench.report.html.document import Plot
from bench.report.look import Look
from bench.report.measures import interval_words, p_words, verdict_words
from bench.report.plots.paper import (
    PAPER,
    SOFT,
    fading,
    layered,
    marks,
    plot,
    target_colour,
    target_marker,
    tooltip,
    who,
)

_ROW = 26
_GROUP_GAP = 14
_AXIS = "head / base (log): 1 is no change"


def changes_plot(
    found: Sequence[Row], looks: Mapping[str, Look], threshold: float, *, name: str, title: str
) -> Plot | None:
    """All rows of one measure. None where no row has a ratio."""
    rows = [row for one in found if (row := _row(one, looks))]
    if not rows:
        return None
    operations = list(dict.fromkeys(str(row["operation"]) for row in rows))
    y = alt.Y(
        "operation:N",
        sort=operations,
        title=None,
        scale=alt.Scale(paddingInner=0.18, paddingOuter=0.1),
        axis=alt.Axis(labelFontWeight=600, ticks=False, domain=False, labelPadding=8),
    )
    beside = alt.YOffset("label:N", sort=[look.short for look in looks.values()])
    scale = alt.Scale(type="log", nice=False, padding=34)
    x = alt.X("ratio:Q", title=_AXIS, scale=scale, axis=alt.Axis(tickCount=6, format="~g"))
    base = marks().encode(
        y=y,
        yOffset=beside,
        opacity=fading(),
        tooltip=tooltip(
            ("name", "framework"),
            ("operation", "operation"),
            ("told", "head / base"),
            ("verdict", "verdict"),
            ("p", "p (Holm)"),
        ),
    )
    colours = target_colour(looks)
    band = [{"from": 1 / (1 + threshold), "to": 1 + threshold, "one": 1}]
    drawn, data = layered(
        {
            "band": (
                marks()
                .mark_rect(color=SOFT, opacity=0.14)
                .encode(x=alt.X("from:Q", title=_AXIS, scale=scale), x2="to:Q"),
                band,
            ),
            "same": (
                marks()
                .mark_rule(color=SOFT, strokeDash=[4, 4])
                .encode(x=alt.X("one:Q", title=_AXIS)),
                band,
            ),
            "intervals": (
                base.mark_rule(strokeWidth=2.5).encode(
                    x=alt.X("low:Q", title=_AXIS), x2="high:Q", color=colours
                ),
                [row for row in rows if row["low"] is not None],
            ),
            "ratios": (
                base.mark_point(filled=True, size=110, stroke=PAPER, strokeWidth=1.2).encode(
                    x=x,
                    color=target_colour(looks),
                    shape=target_marker(looks),
                ),
                rows,
            ),
            "verdicts": (
                base.mark_text(align="left", dx=10, dy=-8, fontSize=10.5).encode(
                    x=x, text="verdict:N", color=colours
                ),
                rows,
            ),
        }
    )
    told = "; ".join(
        f"{row['operation']}, {row['name']}: {row['told']}, {row['verdict']}" for row in rows
    )
    height = len(operations) * (len({row["label"] for row in rows}) * _ROW + _GROUP_GAP)
    return plot(name, title, f"Ratios head / base of {title}. {told}.", drawn, height, data)


def _row(one: Row, looks: Mapping[str, Look]) -> dict[str, object] | None:
    ratio = one.ratio
    if ratio is None:
        return None
    bounded = ratio.n > 1 and isfinite(ratio.high) and ratio.low > 0
    return {
        **who(looks[one.target]),
        "operation": one.title,
        "ratio": ratio.point,
        "low": ratio.low if bounded else None,
        "high": ratio.high if bounded else None,
        "told": interval_words(ratio),
        "verdict": verdict_words(one.verdict, one.measure),
        "p": p_words(one.verdict.p_value),
    }
