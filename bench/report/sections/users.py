"""Users of Locust: how their run went over time, and the processes behind them."""

from bench.analysis.stored import StoredRun
from bench.analysis.users import courses
from bench.model import Users
from bench.report.html.document import Block, Figure, Section, Sheet
from bench.report.look import looks_of
from bench.report.plots.course import course_plots
from bench.report.tables import time_word
from bench.report.users import course_table, operations_table, workers_table


def users(run: StoredRun) -> Section | None:
    """The course of every window, its operations and Locust's processes. None without users."""
    pacing = run.record.plan.pacing
    found = courses(run.record)
    if not isinstance(pacing, Users) or not any(course.points for course in found):
        return None
    blocks: list[Block] = [
        Figure(
            course_plots(found, looks_of(run), time_word(pacing)),
            "Each point is a slice of the window. Where it has too few requests to tell a "
            "percentile, there is none. Dashed: users.",
            course_table(run.record),
        ),
        Sheet(operations_table(run.record)),
        Sheet(workers_table(run.record), folded=not pacing.workers),
    ]
    lead = (
        f"{pacing.users} users of Locust. The rate follows from them and is no figure of the "
        "framework; what they waited is. Locust's own pages are in the run's folder, in locust/."
    )
    return Section("users", "Users", tuple(blocks), lead)
