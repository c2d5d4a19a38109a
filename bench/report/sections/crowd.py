"""Users of Locust: how their run went over time, and the processes behind them."""

from bench.model import Users
from bench.report.crowd import course_table, courses, operations_table, workers_table
from bench.report.html.document import Block, Figure, Section, Sheet
from bench.report.material import Material
from bench.report.plots.course import course_plots
from bench.report.tables import time_word


def crowd(material: Material) -> Section | None:
    """The course of every window, its operations and Locust's processes. None without users."""
    pacing = material.record.plan.pacing
    found = courses(material.record)
    if not isinstance(pacing, Users) or not any(course.points for course in found):
        return None
    blocks: list[Block] = [
        Figure(
            course_plots(found, material.looks, time_word(pacing)),
            "Each point is a slice of the window. Where it has too few requests to tell a "
            "percentile, there is none. Dashed: users.",
            course_table(material.record),
        ),
        Sheet(operations_table(material.record)),
        Sheet(workers_table(material.record), folded=not pacing.workers),
    ]
    lead = (
        f"{pacing.users} users of Locust. The rate follows from them and is no figure of the "
        "framework; what they waited is. Locust's own pages are in the run's folder, in locust/."
    )
    return Section("users", "Users", tuple(blocks), lead)
