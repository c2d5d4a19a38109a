"""How the number of users moves through a run: pure functions of the elapsed time.

Each takes the run's length, its highest number of users and the spawn rate, and says how many
users there should be and how many start or stop per second.
"""

import math
from collections.abc import Callable, Mapping

STEPS = 5
SOAK_RAMP_SHARE = 0.05

Stage = tuple[int, float]
"""(users, users started or stopped per second), as Locust's LoadTestShape.tick returns it."""

ShapeFunction = Callable[[float, float, int, float], Stage]


def step(elapsed_s: float, run_time_s: float, users: int, spawn_rate_per_s: float) -> Stage:
    """Five equal steps up to `users`: where does it begin to hurt?"""
    number = min(STEPS, 1 + int(elapsed_s / run_time_s * STEPS))
    return math.ceil(users * number / STEPS), spawn_rate_per_s


def spike(elapsed_s: float, run_time_s: float, users: int, spawn_rate_per_s: float) -> Stage:
    """A tenth of the users, all of them at once in the middle fifth, then a tenth again.

    Whether the service recovers afterwards is the question. The spike itself comes as fast as
    Locust can start users (100/s), whatever the spawn rate: a slow one would be a ramp.
    """
    base = max(1, users // 10)
    inside = 0.4 <= elapsed_s / run_time_s < 0.6
    before = elapsed_s / run_time_s < 0.4
    return (users if inside else base), (spawn_rate_per_s if before else 100.0)


def soak(elapsed_s: float, run_time_s: float, users: int, spawn_rate_per_s: float) -> Stage:  # noqa: ARG001
    """All users from the beginning to the end, for long runs: does anything creep up?

    They start within a twentieth of the run where the spawn rate is too low for that.
    """
    return users, max(spawn_rate_per_s, users / (SOAK_RAMP_SHARE * run_time_s))


def ramp(elapsed_s: float, run_time_s: float, users: int, spawn_rate_per_s: float) -> Stage:  # noqa: ARG001
    """From one user evenly up to all of them at the end: at how many does it bend?

    The spawn rate follows from the length of the run.
    """
    return max(1, min(users, math.ceil(users * elapsed_s / run_time_s))), max(
        1.0, users / run_time_s
    )


SHAPES: Mapping[str, ShapeFunction] = {"step": step, "spike": spike, "soak": soak, "ramp": ramp}
