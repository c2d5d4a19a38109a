"""The page of a run that is more than a bench."""

from bench.analysis.stored import StoredRun
from bench.model import Crosscheck, Saturation, Sweep, Users
from bench.report.crosscheck import crosscheck_page
from bench.report.page import Page
from bench.report.saturation import saturation_page
from bench.report.scaling import sweep_page
from bench.report.users import users_page


def page_of(run: StoredRun) -> Page | None:
    """The page of a study or of users; None for a plain bench, which has a report of its own."""
    plan = run.record.plan
    match plan.study:
        case Sweep():
            return sweep_page(run)
        case Saturation():
            return saturation_page(run)
        case Crosscheck():
            return crosscheck_page(run)
        case None:
            return users_page(run) if isinstance(plan.pacing, Users) else None
