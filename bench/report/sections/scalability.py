"""A sweep: rates at several concurrencies, and the law behind them."""

from bench.analysis.stored import StoredRun
from bench.analysis.studies.sweep import scalings
from bench.report.html.document import Figure, Section, Sheet
from bench.report.look import looks_of
from bench.report.plots.laws import scaling_plot
from bench.report.scaling import law_table, levels_table


def scalability(run: StoredRun) -> Section | None:
    """Points, intervals and the fitted law. None where no sweep was run."""
    study = run.record.plan.study
    if study is None or study.kind != "sweep":
        return None
    found = scalings(run.record)
    if not found:
        return None
    workloads = [one for one in run.record.plan.workloads if any(s.workload == one for s in found)]
    plots = tuple(scaling_plot(found, looks_of(run), workload) for workload in workloads)
    figure = Figure(
        plots,
        "Marks: means over rounds with 95 % intervals. Lines: the Universal Scalability Law. "
        "An interval that leaves the plot is wider than it.",
        levels_table(found),
    )
    blocks = figure, Sheet(law_table(found))
    return Section("scalability", "Scalability", blocks, "How the rate grows with connections.")
