"""The page of a run that is more than a bench."""

from bench.model import Crosscheck, RunRecord, Saturation, Sweep, Users
from bench.report.crosscheck import crosscheck_page
from bench.report.crowd import crowd_page
from bench.report.page import Page
from bench.report.saturation import saturation_page
from bench.report.scaling import sweep_page


def page_of(record: RunRecord) -> Page | None:
    """The page of a study or of users; None for a plain bench, which has a report of its own."""
    match record.plan.study:
        case Sweep():
            return sweep_page(record)
        case Saturation():
            return saturation_page(record)
        case Crosscheck():
            return crosscheck_page(record)
        case None:
            return crowd_page(record) if isinstance(record.plan.pacing, Users) else None
