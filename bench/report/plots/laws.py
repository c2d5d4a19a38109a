"""Rate against concurrency, with the fitted law; latency against rate, with the objective."""

from collections.abc import Sequence

import altair as alt

from bench.analysis.studies.saturation import SaturationOutcome
from bench.analysis.studies.sweep import Scaling
from bench.metrics import METRICS
from bench.report.document import Plot
from bench.report.plots.frame import hollow, marker, moved, room, top
from bench.report.plots.paper import BAD, CROSS, SOFT, fading, marks, plot, target_colour, tooltip
from bench.report.plots.rows import PlotRows, layered, number, who
from bench.report.style import Styles, TargetStyle
from bench.report.words import interval_text
from bench.stats.estimate import is_bounded

_HEIGHT = 330
_STEPS = 60


def scaling_plot(found: Sequence[Scaling], styles: Styles, workload: str) -> Plot:
    """Points with intervals, and the law as a line through the concurrencies measured."""
    mine = [scaling for scaling in found if scaling.workload == workload]
    points = [row for scaling in mine for row in _levels(scaling, styles[scaling.target])]
    laws = [row for scaling in mine for row in _law(scaling, styles[scaling.target])]
    drawn, data = layered(_scaling_layers(points, laws, styles))
    told = "; ".join(f"{row['name']} at {row['at']} connections: {row['told']}" for row in points)
    name = f"scaling-{workload}"
    return plot(
        name,
        workload,
        f"Rate by connections. {told}.",
        drawn,
        _HEIGHT,
        data,
        f"Scalability: {workload}",
    )


def _scaling_layers(
    points: PlotRows, laws: PlotRows, styles: Styles
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    x = alt.X(
        "x:Q",
        title="connections (log)",
        scale=alt.Scale(type="log", base=2, nice=False),
        axis=alt.Axis(values=sorted({number(row["x"]) for row in points})),
    )
    end = top(
        [number(row["y"]) for row in (*points, *laws)],
        [number(row["high"]) for row in points if row["high"] is not None],
    )
    y = alt.Y("y:Q", title=METRICS["rate"].unit, scale=room(end))
    tips = tooltip(
        ("name", "framework"), ("at", "connections"), ("told", "rate"), ("law", "the law gives")
    )
    line = marks().encode(x=x, y=y, color=target_colour(styles))
    base = line.encode(tooltip=tips, opacity=fading())
    return {
        "laws": (line.mark_line(strokeWidth=1.8).encode(opacity=fading(0.75)), laws),
        "intervals": (
            base.mark_rule(strokeWidth=2, clip=True).encode(y=moved(y, "low"), y2=alt.Y2("high:Q")),
            [row for row in points if row["low"] is not None],
        ),
        "points": (marker(base, styles, 90), points),
    }


def _levels(scaling: Scaling, style: TargetStyle) -> list[dict[str, object]]:
    rate = METRICS["rate"]
    rows: list[dict[str, object]] = []
    for level in scaling.levels:
        estimate = rate.estimate(level.windows)
        if estimate is None:
            continue
        bounded = is_bounded(estimate)
        law = rate.format(scaling.fit.rate_at(level.concurrency)) if scaling.fit else "no fit"
        rows.append(
            {
                **who(style),
                "x": level.concurrency,
                "y": estimate.point,
                "low": max(0.0, estimate.low) if bounded else None,
                "high": estimate.high if bounded else None,
                "at": str(level.concurrency),
                "told": interval_text(rate, estimate),
                "law": law,
            }
        )
    return rows


def _law(scaling: Scaling, style: TargetStyle) -> list[dict[str, object]]:
    used = [level.concurrency for level in scaling.levels if level.windows]
    if scaling.fit is None or not used:
        return []
    low, high = min(used), max(used)
    steps = [low * (high / low) ** (step / _STEPS) for step in range(_STEPS + 1)]
    return [{**who(style), "x": round(n, 3), "y": round(scaling.fit.rate_at(n), 2)} for n in steps]


def trials_plot(found: Sequence[SaturationOutcome], styles: Styles, objective_s: float) -> Plot:
    """Every trial by its rate and p99: full passed, hollow failed, a cross was not judged."""
    rows = [row for outcome in found for row in _trials(outcome, styles[outcome.target])]
    answers = [
        {
            **who(styles[outcome.target]),
            "x": outcome.answer.lower_per_s,
            "told": f"holds {outcome.answer.lower_per_s:,.0f} requests/s",
        }
        for outcome in found
        if outcome.answer
        and outcome.answer.kind != "undecided"
        and outcome.answer.lower_per_s is not None
    ]
    drawn, data = layered(_trial_layers(rows, answers, styles, objective_s))
    told = "; ".join(
        [
            *(f"{row['name']}: {row['told']}" for row in answers),
            *(f"{row['name']} at {row['rate']}: {row['p99']}, {row['outcome']}" for row in rows),
        ]
    )
    return plot(
        "saturation",
        "",
        f"p99 latency by rate; the objective is {objective_s * 1e3:g} ms. {told}.",
        drawn,
        _HEIGHT,
        data,
        "Saturation: p99 latency by rate",
    )


def _trial_layers(
    rows: PlotRows, answers: PlotRows, styles: Styles, objective_s: float
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    tried = [number(row["x"]) for row in (*rows, *answers)]
    x = alt.X("x:Q", title="requests/s asked for", scale=room(max(tried, default=0)))
    y = alt.Y(
        "y:Q",
        title="p99 latency, ms (log)",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format=",~g", tickCount=5),
    )
    tips = tooltip(
        ("name", "framework"), ("rate", "asked for"), ("p99", "p99"), ("mark", "outcome")
    )
    base = marks().encode(x=x, y=y, tooltip=tips, opacity=fading())
    answer = marks().encode(x=x, color=target_colour(styles), opacity=fading())
    by_outcome = {
        outcome: [row for row in rows if row["outcome"] == outcome]
        for outcome in ("passed", "failed", "unjudged")
    }
    cross = base.mark_point(size=60, shape=CROSS, strokeWidth=1.4).encode(
        stroke=alt.StrokeValue(SOFT)
    )
    return {
        "objective": (
            marks().mark_rule(strokeDash=[5, 4], color=BAD).encode(y=y),
            [{"y": objective_s * 1e3}],
        ),
        "answers": (
            answer.mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(
                tooltip=tooltip(("name", "framework"), ("told", "answer"))
            ),
            answers,
        ),
        "passed": (marker(base, styles, 85), by_outcome["passed"]),
        "failed": (hollow(base, styles), by_outcome["failed"]),
        "unjudged": (cross, by_outcome["unjudged"]),
    }


def _trials(outcome: SaturationOutcome, style: TargetStyle) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for cell, trial in zip(outcome.cells, outcome.trials, strict=True):
        p99_ms = METRICS["p99"].per_window(cell.phases[0]) if cell.phases else None
        if p99_ms is None:
            continue  # no point to show; the table of trials has it
        rows.append(
            {
                **who(style),
                "x": trial.rate_per_s,
                "y": p99_ms,
                "outcome": trial.mark,
                "rate": f"{trial.rate_per_s:,.0f} requests/s",
                "p99": f"{p99_ms:,.1f} ms",
                "mark": f"{trial.mark}: {trial.reason}" if trial.reason else trial.mark,
            }
        )
    return rows
