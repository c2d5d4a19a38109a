"""The page of a run that is more than a bench."""

from bench.model import RunRecord, Saturation, Sweep
from bench.report.page import Page
from bench.report.saturation import saturation_page
from bench.report.scaling import sweep_page


def page_of(record: RunRecord) -> Page | None:
    """The page of a study; None for a plain bench, which has a report of its own."""
    match record.plan.study:
        case Sweep():
            return sweep_page(record)
        case Saturation():
            return saturation_page(record)
        case None:
            return None
