"""Appointments that are kept: never too early, and not much of a loop."""

import asyncio
import time

from bench.load import timer as module
from bench.load.timer import Timer


def test_nobody_is_woken_before_the_moment() -> None:
    """However much earlier the timer is set, from the first appointment to the last."""

    async def early_s() -> list[float]:
        with Timer() as alarm:
            found = []
            for turn in range(200):
                moment_s = time.monotonic() + turn % 5 * 0.0005
                await alarm.until(moment_s)
                found.append(moment_s - time.monotonic())
            return found

    assert max(asyncio.run(early_s())) <= 0


def test_nobody_is_woken_before_a_moment_that_is_closer_than_waking_takes() -> None:
    """There the timer would be set to what has passed already."""

    async def early_s() -> list[float]:
        with Timer() as alarm:
            alarm._lead_s = 0.05
            found = []
            for _ in range(5):
                moment_s = time.monotonic() + 0.02
                await alarm.until(moment_s)
                found.append(moment_s - time.monotonic())
            return found

    assert max(asyncio.run(early_s())) <= 0


def test_what_has_passed_is_no_reason_to_set_the_timer_earlier() -> None:
    """How late one comes to an appointment says nothing of how long waking takes."""

    async def lead_s() -> float:
        with Timer() as alarm:
            for _ in range(50):
                await alarm.until(time.monotonic() - 1.0)
            return alarm._lead_s

    assert asyncio.run(lead_s()) == 0.0


def test_the_loop_is_bounded_on_a_machine_that_wakes_slowly() -> None:
    """What waking takes is learned, and believed only so far."""

    async def lead_s() -> float:
        with Timer() as alarm:
            for _ in range(50):
                asyncio.get_running_loop().call_later(0.001, time.sleep, 0.002)
                await alarm.until(time.monotonic() + 0.002)
            return alarm._lead_s

    assert 0.0 < asyncio.run(lead_s()) <= module._MOST_LEAD_S
