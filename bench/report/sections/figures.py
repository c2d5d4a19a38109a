"""Every figure of the registry, operation by operation: a new metric needs no line here."""

from collections.abc import Iterator, Mapping, Sequence

from bench.analysis.series import Series
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS, Metric
from bench.report.document import Section, Sheet, Table
from bench.report.style import TargetStyle, styles_of
from bench.report.words import forbidden_words, mark
from bench.words import NO_FIGURE


def figures(run: StoredRun) -> Section | None:
    """A folded table per operation. None where nothing was measured."""
    found = tuple(Sheet(table, folded=True) for table in figure_tables(run))
    if not found:
        return None
    lead = "Means over rounds ± half of their 95 % interval. Percentiles, totals: all rounds."
    return Section("figures", "Every figure", found, lead, "page")


def figure_tables(run: StoredRun) -> Iterator[Table]:
    """One row per metric that any target has, one column per target in the page's order."""
    for title in dict.fromkeys(series.title for series in run.series):
        mine = {series.target: series for series in run.series if series.title == title}
        styles = [style for name, style in styles_of(run.record).items() if name in mine]
        rows = tuple(_rows([mine[style.name] for style in styles]))
        if rows:
            yield _table(title, styles, rows, mine)


def _heading(style: TargetStyle, series: Series) -> str:
    return f"{style.short} {mark(series)}".rstrip()


def _table(
    title: str,
    styles: Sequence[TargetStyle],
    rows: tuple[tuple[str, ...], ...],
    series: Mapping[str, Series],
) -> Table:
    return Table(
        title=title,
        columns=("figure", "unit", *(_heading(style, series[style.name]) for style in styles)),
        rows=rows,
        numeric=(False, False, *([True] * len(styles))),
        caption=forbidden_words(series.values()).strip(),
    )


def _rows(series: Sequence[Series]) -> Iterator[tuple[str, ...]]:
    for metric in METRICS.values():
        told = tuple(_told(metric, target_series) for target_series in series)
        if any(text != NO_FIGURE for text in told):
            yield (metric.title, metric.unit, *told)


def _told(metric: Metric, series: Series) -> str:
    if metric.pooled is not None:
        return metric.format(metric.pooled(series.behind(metric)) if series.windows else None)
    return metric.format_interval(metric.estimate(series.behind(metric)))
