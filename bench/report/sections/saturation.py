"""A search for saturation: every trial, and the answer."""

from bench.analysis.stored import StoredRun
from bench.analysis.studies.saturation import outcomes
from bench.model import Saturation
from bench.report.html.document import Figure, Section, Sheet
from bench.report.look import looks_of
from bench.report.plots.laws import trials_plot
from bench.report.saturation import answers_table, trials_table


def saturation(run: StoredRun) -> Section | None:
    """Trials by rate and p99. None where no saturation was searched."""
    study = run.record.plan.study
    if not isinstance(study, Saturation):
        return None
    found = outcomes(run.record, study)
    blocks: list[Figure | Sheet] = []
    if any(one.trials for one in found):
        blocks.append(
            Figure(
                (trials_plot(found, looks_of(run), study.objective_s),),
                f"Full: passed. Hollow: failed. ×: not judged, the generator was to blame. Dashed "
                f"across: the objective, {study.objective_s * 1e3:g} ms. Dotted: the answers.",
                trials_table(found),
            )
        )
    blocks.append(Sheet(answers_table(found, study)))
    lead = "Open loop: latency counts from the moment a request was due."
    return Section("saturation", "Saturation", tuple(blocks), lead)
