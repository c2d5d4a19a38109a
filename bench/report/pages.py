"""The page of a run that is more than a bench."""

from bench.model import Crosscheck, Saturation, Sweep, Users
from bench.report.crosscheck import crosscheck_page
from bench.report.crowd import crowd_page
from bench.report.material import Material
from bench.report.page import Page
from bench.report.saturation import saturation_page
from bench.report.scaling import sweep_page


def page_of(material: Material) -> Page | None:
    """The page of a study or of users; None for a plain bench, which has a report of its own."""
    plan = material.record.plan
    match plan.study:
        case Sweep():
            return sweep_page(material)
        case Saturation():
            return saturation_page(material)
        case Crosscheck():
            return crosscheck_page(material)
        case None:
            return crowd_page(material) if isinstance(plan.pacing, Users) else None
