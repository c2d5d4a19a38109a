"""The cheapest honest server: the contract's answers with nothing behind them.

It is what the load generator is measured against, so every answer is right and the work per
request is as small as Python allows: requests are cut out of the byte stream by hand, and an
item that was sent comes back with an id put in front. It does not validate; only the generator
talks to it.

It can also be slow in a known way: `--delay-ms` adds a constant service time, and `--stall-ms`
freezes the whole server once in every `--period-ms`. It knows where the machine has kept it from
being punctual: `/kept` tells how long answers have really taken.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import cast
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.dataset import row
from bench.errors import GeneratorFailed
from bench.load import process
from bench.load.timer import Timer

PAGE = 100
_TIMES_KEPT = 100_000
_CREATED_KEPT = 200_000
"""Created items that can still be read. The oldest are forgotten, so that memory stays flat."""


def respond(status: bytes, body: bytes) -> bytes:
    """The bytes of an HTTP answer with a body of JSON."""
    return (
        b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % (status, len(body))
    ) + body


_NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
_NOT_FOUND = respond(b"404 Not Found", b"{}")
_PONG = respond(b"200 OK", b'{"status":"ok"}')


def request_length(data: bytes) -> int:
    """Length of the first whole request in `data`; 0 when it has not fully arrived."""
    head_end = data.find(b"\r\n\r\n") + 4
    if head_end < 4:
        return 0
    if data[:1] in (b"G", b"D"):
        return head_end
    head = data[:head_end].lower()
    field = head.find(b"\r\ncontent-length:")
    body_length = 0 if field < 0 else int(head[field + 17 : head.index(b"\r\n", field + 2)])
    length = head_end + body_length
    return length if len(data) >= length else 0


class AnswerTimes:
    """How long answers have taken from the reading of their request, since that was last told."""

    def __init__(self) -> None:
        self._taken_s: deque[float] = deque(maxlen=_TIMES_KEPT)

    def add(self, taken_s: float) -> None:
        """Note how many seconds an answer has taken; only the latest ones are kept."""
        self._taken_s.append(taken_s)

    def told(self) -> bytes:
        """As JSON: the median in seconds, null where nothing was delayed."""
        median_s = statistics.median(self._taken_s) if self._taken_s else None
        self._taken_s.clear()
        return orjson.dumps({"p50_s": median_s})


class Items:
    """The items this server pretends to store: the data set, and what was written since."""

    def __init__(self, rows: int, answer_times: AnswerTimes) -> None:
        self._rows = rows
        self._answer_times = answer_times
        self._next_id = rows + 1
        self._written: dict[int, bytes] = {}
        page = [{"id": n, **row(n)} for n in range(1, min(PAGE, rows) + 1)]
        self._page = respond(b"200 OK", orjson.dumps(page))

    def answer(self, request: bytes) -> bytes:
        """The bytes that answer one whole request, as a service of the contract would."""
        method, path, _ = request.split(b" ", 2)
        body = request[request.index(b"\r\n\r\n") + 4 :]
        path = path.partition(b"?")[0].rstrip(b"/")
        if path == b"/ping":
            return _PONG
        if path == b"/echo":
            return respond(b"200 OK", body)
        if path == b"/kept":
            return respond(b"200 OK", self._answer_times.told())
        if path == b"/items":
            return self._create(body) if method == b"POST" else self._page
        if path.startswith(b"/items/"):
            return self._one(method, int(path[7:]), body)
        return _NOT_FOUND

    def _create(self, body: bytes) -> bytes:
        item_id = self._next_id
        self._next_id += 1
        self._written.pop(item_id - _CREATED_KEPT, None)
        item = self._written[item_id] = b'{"id":%d,%b' % (item_id, body[1:])
        return respond(b"201 Created", item)

    def _one(self, method: bytes, item_id: int, body: bytes) -> bytes:
        if method == b"PUT":
            item = self._written[item_id] = b'{"id":%d,%b' % (item_id, body[1:])
            return respond(b"200 OK", item)
        if method == b"DELETE":
            self._written.pop(item_id, None)
            return _NO_CONTENT
        found = self._written.get(item_id)
        if found is None and item_id <= self._rows:
            found = orjson.dumps({"id": item_id, **row(item_id)})
        return _NOT_FOUND if found is None else respond(b"200 OK", found)


SendBytes = Callable[[asyncio.Transport, bytes], None]


class Connection(asyncio.Protocol):
    def __init__(self, items: Items, send: SendBytes) -> None:
        self._items = items
        self._send = send
        self._pending = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answers go to this transport from now on."""
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole, and keep the rest for later."""
        data = self._pending + data
        while length := request_length(data):
            self._send(self._transport, self._items.answer(data[:length]))
            data = data[length:]
        self._pending = data


class Delay:
    """Sends each answer a constant time after its request was read."""

    def __init__(self, delay_s: float, answer_times: AnswerTimes) -> None:
        self._delay_s = delay_s
        self._answer_times = answer_times
        self._due: deque[tuple[float, asyncio.Transport, bytes]] = deque()
        self._arrived = asyncio.Event()

    def send(self, transport: asyncio.Transport, answer: bytes) -> None:
        """Have an answer sent when its time has come."""
        self._due.append((time.monotonic() + self._delay_s, transport, answer))
        self._arrived.set()

    async def run(self) -> None:
        """Send what falls due, until cancelled."""
        with Timer() as timer:
            while True:
                self._arrived.clear()
                if not self._due:
                    await self._arrived.wait()
                await timer.until(self._due[0][0])
                while self._due and self._due[0][0] <= time.monotonic():
                    due_s, transport, answer = self._due.popleft()
                    send_now(transport, answer)
                    self._answer_times.add(time.monotonic() - due_s + self._delay_s)


async def stall(stall_s: float, period_s: float) -> None:
    """Block the whole server for the first `stall_s` of every `period_s`."""
    start = time.monotonic()
    with Timer() as timer:
        while True:
            start += period_s
            await timer.until(start)
            # Until an absolute end: a late start must not make the stall end late.
            time.sleep(max(0.0, start + stall_s - time.monotonic()))  # on purpose


def send_now(transport: asyncio.Transport, answer: bytes) -> None:
    """Send an answer without delay."""
    transport.write(answer)


@dataclass(frozen=True)
class Behaviour:
    """How the server answers. Without a delay and a stall: as fast as it can."""

    delay_s: float = 0.0
    stall_s: float = 0.0
    period_s: float = 1.0
    rows: int = 10_000


async def serve(port: int, behaviour: Behaviour) -> None:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT. Port 0 takes a free one; it is printed."""
    loop = asyncio.get_running_loop()
    answer_times = AnswerTimes()
    items = Items(behaviour.rows, answer_times)
    delay = Delay(behaviour.delay_s, answer_times)
    send = delay.send if behaviour.delay_s else send_now
    server = await loop.create_server(lambda: Connection(items, send), "127.0.0.1", port)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    slow = [loop.create_task(delay.run())]
    if behaviour.stall_s:
        slow.append(loop.create_task(stall(behaviour.stall_s, behaviour.period_s)))
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await ended.wait()
    for task in slow:
        task.cancel()
    server.close()


def kept_p50_s(base_url: str) -> float | None:
    """The median of what delayed answers have taken in the server, since this was asked last.

    None when none was delayed.
    """
    with contextlib.closing(HTTPConnection(urlsplit(base_url).netloc, timeout=10)) as connection:
        connection.request("GET", "/kept")
        return cast("float | None", orjson.loads(connection.getresponse().read())["p50_s"])


@contextlib.contextmanager
def running(cpus: Sequence[int], behaviour: Behaviour) -> Iterator[str]:
    """The server in a process of its own for as long as the block lasts; its address.

    Raises GeneratorFailed when it does not start.
    """
    server = subprocess.Popen(
        process.command("bench.load.nullserver", *_options(cpus, behaviour)),
        env=process.environment(),
        stdout=subprocess.PIPE,
        process_group=0,
    )
    assert server.stdout is not None
    try:
        port = server.stdout.readline().decode().strip()
        if not port:
            raise GeneratorFailed("The null server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def _options(cpus: Sequence[int], behaviour: Behaviour) -> list[str]:
    return [
        f"--parent={os.getpid()}",
        f"--cpus={process.list_cpus(cpus)}",
        f"--delay-ms={behaviour.delay_s * 1000}",
        f"--stall-ms={behaviour.stall_s * 1000}",
        f"--period-ms={behaviour.period_s * 1000}",
        f"--rows={behaviour.rows}",
    ]


def main() -> None:
    """Serve as the command line says, and print the port, until stopped."""
    parser = argparse.ArgumentParser(prog="python -m bench.load.nullserver", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--stall-ms", type=float, default=0.0)
    parser.add_argument("--period-ms", type=float, default=1000.0)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the data set")
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--cpus", help="CPUs to stay on, such as 0,1")
    asked = parser.parse_args()
    cpus = asked.cpus or process.list_cpus(sorted(os.sched_getaffinity(0)))
    process.settle(asked.parent or os.getppid(), cpus)
    behaviour = Behaviour(
        delay_s=asked.delay_ms / 1000,
        stall_s=asked.stall_ms / 1000,
        period_s=asked.period_ms / 1000,
        rows=asked.rows,
    )
    uvloop.run(serve(asked.port, behaviour))


if __name__ == "__main__":
    main()
