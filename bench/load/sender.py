"""Sends one request, judges its answer and records how it went."""

import time

from bench.dataset import ItemFields
from bench.load.answer_check import AnswerCheck, item_id
from bench.load.client import Client, RequestError
from bench.load.recorder import Recorder
from bench.load.request_source import Request

CreatedItems = dict[int, ItemFields]

_CREATED_KEPT = 200_000
"""Created items that are remembered for later windows, so that memory has a bound."""


class Sender:
    """What is sent through `client` is recorded in `recorder`, which may be changed on the way.

    `known` are items that were created before, and what they hold.
    """

    def __init__(self, client: Client, known: CreatedItems) -> None:
        self.client = client
        self.recorder = Recorder()
        self.last_byte_s = 0.0
        """When the latest answer was complete, in the time of `time.monotonic()`."""
        self.created: CreatedItems = {}
        """Items that creates through this sender were answered with."""
        self._known = known
        self._judge = AnswerCheck()

    async def send(self, request: Request, since_s: float) -> None:
        """Send it and wait for the answer; its latency began at `since_s`."""
        try:
            status, body = await self.client.ask(request.data)
        except RequestError as failed:
            self.last_byte_s = time.monotonic()
            self.recorder.failure(str(failed))
            return
        self.last_byte_s = time.monotonic()
        fault = self._judge.fault(request, status, body)
        if fault:
            self.recorder.failure(fault)
            return
        self.recorder.success(request.operation, self.last_byte_s - since_s)
        if request.operation in ("create", "update"):
            self._remember(request, body)

    def _remember(self, request: Request, body: bytes) -> None:
        assert request.item is not None
        if request.operation == "update":
            if request.item_id in self._known:
                self._known[request.item_id] = request.item
        elif len(self.created) < _CREATED_KEPT:
            created_id = item_id(body, request)
            assert created_id is not None
            self.created[created_id] = request.item
