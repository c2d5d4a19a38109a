"""Processes that need not load the lab first: each is forked from one that has loaded it.

To load it takes longer than most of what they do. That one is started when the first is asked for,
once for all tests of a worker, and has neither a thread nor anything else of theirs.
"""

import multiprocessing

LOADED = (
    "cyclopts",
    "bench.experiment.ab.run",
    "bench.experiment.session",
    "bench.listing",
    "bench.live.watching",
    "bench.report.comparison",
    "bench.report.formats",
    "bench.report.history",
    "bench.report.run",
    "bench.serving",
    "tests.conformance.supervise.killed_lab",
    "tests.e2e.verb",
)
"""Not the command line's own modules, which look at the terminal when they are loaded."""

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(list(LOADED))
