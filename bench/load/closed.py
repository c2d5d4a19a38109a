"""The closed loop: a fixed number of connections, each waiting for its answer."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from bench.load.pacing import Until
from bench.load.request_source import Request, Source

SendRequest = Callable[[Request, float], Coroutine[Any, Any, None]]
"""Sends a request and records how it went; the second argument is when its latency began."""


async def closed_loop(send: SendRequest, source: Source, concurrency: int, until: Until) -> None:
    """Keep `concurrency` requests under way until the time or the source has ended, and the last
    one is answered.
    """

    async def connection() -> None:
        while time.monotonic() < until.moment_s and (request := source.next()) is not None:
            await send(request, time.monotonic())

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(connection())
