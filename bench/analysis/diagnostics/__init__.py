"""What limited a window, and what weakens its figure. Pure functions of what was counted.

cpu         what used up the CPUs, and who else was there
conditions  what happened to the machine around and inside the window
arrivals    whether an open loop offered the load that was asked for
users       whether the processes behind users kept up
work        whether it was the work that it was taken for
evidence    whether the window's own numbers can carry a figure
collected   all that was raised in a run, the gravest first
"""

from bench.analysis.diagnostics.arrivals import open_loop_off
from bench.analysis.diagnostics.conditions import (
    clock_drift,
    off_placement,
    overridden,
    restarted,
    smt_sibling_busy,
    swapping,
    throttling,
)
from bench.analysis.diagnostics.cpu import (
    impossible_cost,
    limited_by,
    refused_by_machine,
    requests_failed,
    window_diagnostics,
)
from bench.analysis.diagnostics.evidence import (
    littles_law_off,
    ran_out,
    too_few_samples,
    unsteady_warm_up,
)
from bench.analysis.diagnostics.users import users_off
from bench.analysis.diagnostics.work import (
    database_changed,
    others_connected,
    standstill,
    work_off,
    workers_replaced,
)

__all__ = [
    "clock_drift",
    "database_changed",
    "impossible_cost",
    "limited_by",
    "littles_law_off",
    "off_placement",
    "open_loop_off",
    "others_connected",
    "overridden",
    "ran_out",
    "refused_by_machine",
    "requests_failed",
    "restarted",
    "smt_sibling_busy",
    "standstill",
    "swapping",
    "throttling",
    "too_few_samples",
    "unsteady_warm_up",
    "users_off",
    "window_diagnostics",
    "work_off",
    "workers_replaced",
]
