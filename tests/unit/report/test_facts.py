"""Sentences about a run: what they say, and what they leave out."""

from bench.report.facts import run_line

from ..factories import record


def test_a_finished_run_says_how_much_of_its_time_it_measured() -> None:
    """One whose length is not known says nothing."""
    assert "198 of 264 s measured (75%)" in run_line(record(wall_s=264.0, measured_s=198.0))
    for unknown in (record(), record(wall_s=3.0), record(measured_s=3.0)):
        assert "measured" not in run_line(unknown)
