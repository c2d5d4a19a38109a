"""Users and the crosscheck on the HTML page."""

from dataclasses import replace

from bench.analysis.commands import commands, resume_command
from bench.analysis.stored import StoredRun
from bench.model import UsersResult
from bench.report.document import Figure, Sheet
from bench.report.run import run_document
from bench.report.sections.studies.crosscheck import crosscheck
from bench.report.sections.users import users

from .factories import cell, load_result, record, window
from .test_crosscheck import run as crosscheck_run
from .test_users import PACING, PLAN, moment, run, worker


def test_a_run_with_users_has_a_section_with_plots_and_tables() -> None:
    """The section has its plots, described, and its tables."""
    found = users(StoredRun(run(worker(), worker("worker 1", lost_at_s=12.0))))
    assert found is not None
    (figure,) = [block for block in found.blocks if isinstance(block, Figure)]
    assert [plot.name for plot in figure.plots] == ["course-rate", "course-p50", "course-p95"]
    assert "Flask" in figure.plots[0].description
    tables = [block.table for block in found.blocks if isinstance(block, Sheet)]
    assert any("LOST after 12 s" in row for table in tables for row in table.rows)


def test_failures_and_p99_have_curves_where_there_are_any() -> None:
    """Failures in the slice of the window where they happened, a p99 where it can be told."""
    moments = (moment(0, count=1000), moment(1, count=1000, failed=5), moment(2, count=1000))
    load = load_result(users=UsersResult(moments, (worker(),)))
    failing = record(plan=PLAN, cells=(cell(1, "flask", "mixed", phases=(window(load=load),)),))
    found = users(StoredRun(failing))
    assert found is not None
    (figure,) = [block for block in found.blocks if isinstance(block, Figure)]
    plots = {plot.name: plot for plot in figure.plots}
    assert "course-p99" in plots
    plot = plots["course-failed"]
    assert "0.0 to 5.0 failures/s" in plot.description


def test_no_plot_is_blank() -> None:
    """Where no percentile can be told there is no plot of it; without users no section."""
    empty = record(plan=PLAN, cells=(), state="interrupted")
    assert users(StoredRun(empty)) is None
    unfit = record(plan=PLAN, cells=(cell(1, "flask", "mixed", phases=(), unfit="down"),))
    assert users(StoredRun(unfit)) is None
    assert users(StoredRun(record())) is None
    assert crosscheck(StoredRun(record())) is None


def test_whole_pages_are_made_of_every_kind_of_run() -> None:
    """And the other sections speak of users and crosschecks as what they are."""
    document = run_document(StoredRun(run()))
    names = [section.name for section in document.sections]
    assert "users" in names
    titles = {section.title for section in document.sections}
    assert "Response time, p99" in titles
    assert "Service time" not in titles
    document = run_document(StoredRun(crosscheck_run()))
    (section,) = [candidate for candidate in document.sections if candidate.name == "crosscheck"]
    assert "agree on all 4" in section.blocks[0].text
    run_document(StoredRun(record(plan=PLAN, cells=(), state="interrupted")))


def test_the_command_makes_the_run_again() -> None:
    """The command on the page has every setting of the run."""
    pacing = replace(PACING, workers=2, shape="step")
    *_, last = commands(run(pacing=pacing))
    assert last == (
        "make locust FRAMEWORK=fastapi,flask,drf USERS=50 SPAWN_RATE=5 RUN_TIME=60 WAIT=1-3 "
        "SHAPE=step WORKERS=2 ROUNDS=2 SEED=1"
    )
    bound = replace(run(), provenance={**run().provenance, "bind": "192.168.1.10"})
    assert [*commands(bound)][-1].endswith(" SEED=1 BIND=192.168.1.10")
    assert resume_command(bound).endswith(f"RESUME={bound.run_id} BIND=192.168.1.10")
    assert resume_command(run()).endswith(run().run_id)
    moved = replace(run(), provenance={**run().provenance, "port_offset": 1000})
    assert resume_command(moved).endswith(f"RESUME={run().run_id} PORT_OFFSET=1000")
    *_, last = commands(crosscheck_run())
    assert last == "make crosscheck FRAMEWORK=flask RATE=60 PROFILE=quick ROUNDS=4 SEED=1"
