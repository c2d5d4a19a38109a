"""What users noticed over time: their number, the rate, and percentiles of what they waited."""

from collections.abc import Sequence

import altair as alt

from bench.analysis.users import UsersOverTime
from bench.report.document import Plot
from bench.report.plots.frame import marker
from bench.report.plots.paper import SOFT, fading, marks, plot, target_colour, tooltip
from bench.report.plots.rows import layered, who
from bench.report.style import Styles
from bench.words import NO_FIGURE

_HEIGHT = 190
_X = "seconds since the first user"


def users_over_time_plots(
    found: Sequence[UsersOverTime], styles: Styles, word: str
) -> tuple[Plot, ...]:
    """Rate with the users behind it, median and tail; all frameworks in each, by colour.

    Failures have a plot where there are any.
    """
    rows = [row for course in found for row in _rows(course, styles)]
    wanted: tuple[tuple[str, str, str], ...] = (
        ("rate", "requests/s, and users (grey)", "requests/s"),
        ("p50", f"{word}, median", "ms"),
        ("p95", f"{word}, p95", "ms"),
        ("p99", f"{word}, p99", "ms"),
        ("failed", "failures/s", "failures/s"),
    )
    if not any(row["failed"] for row in rows):
        wanted = wanted[:-1]
    return tuple(
        _plot(f"course-{field}", title, field, axis, known, styles)
        for field, title, axis in wanted
        if (known := [row for row in rows if row[field] is not None])
    )


def _rows(course: UsersOverTime, styles: Styles) -> list[dict[str, object]]:
    return [
        {
            **who(styles[course.target]),
            "line": f"{course.target} {course.round}",
            "x": round((point.from_s + point.to_s) / 2, 2),
            "when": f"{point.from_s:.0f}-{point.to_s:.0f} s",
            "users": point.users,
            "rate": round(point.rate_per_s, 2),
            "p50": _ms(point.p50_s),
            "p95": _ms(point.p95_s),
            "p99": _ms(point.p99_s),
            "failed": round(point.failures_per_s, 3),
            "told": ", ".join(
                f"{name} {NO_FIGURE if value is None else f'{value * 1e3:,.1f} ms'}"
                for name, value in (
                    ("p50", point.p50_s),
                    ("p95", point.p95_s),
                    ("p99", point.p99_s),
                )
            ),
            "failures": f"{point.failures_per_s:,.1f}/s",
        }
        for point in course.points
    ]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e3, 3)


def _plot(
    name: str,
    title: str,
    field: str,
    axis: str,
    known: Sequence[dict[str, object]],
    styles: Styles,
) -> Plot:
    x = alt.X("x:Q", title=_X, axis=alt.Axis(grid=False, tickCount=8))
    y = alt.Y(f"{field}:Q", title=axis, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4))
    base = marks().encode(
        x=x,
        y=y,
        detail=alt.Detail("line:N"),
        opacity=fading(),
        tooltip=tooltip(
            *(("name", "framework"), ("when", "time"), ("users", "users")),
            *(("rate", "requests/s"), ("failures", "failures"), ("told", "times")),
        ),
    )
    users = marks().mark_line(strokeWidth=1, strokeDash=[2, 3], color=SOFT)
    parts = {
        "line": (base.mark_line(strokeWidth=1.6).encode(color=target_colour(styles)), known),
        "points": (
            marker(base, styles, 40),
            known,
        ),
    }
    if field == "rate":
        own = alt.Y("users:Q", title=axis)
        parts = {
            "users": (
                users.encode(x=x, y=own, detail=alt.Detail("line:N"), opacity=fading(0.8)),
                known,
            ),
            **parts,
        }
    drawn, data = layered(parts)
    told = "; ".join(
        f"{style.label} {min(values):,.1f} to {max(values):,.1f} {axis}"
        for key, style in styles.items()
        if (values := [float(str(row[field])) for row in known if row["target"] == key])
    )
    return plot(name, title, f"{title} over time. {told}.", drawn, _HEIGHT, data)
