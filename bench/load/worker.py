"""The generator process: carries out the commands on its standard input until that ends."""

import asyncio
import resource
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import uvloop

from bench.load import window as windows
from bench.load.client import Client
from bench.load.open import RateTooHighError
from bench.load.sender import CreatedItems
from bench.load.turns import TurnWindow
from bench.load.window import Window
from bench.load.wire import (
    AskBeginTurn,
    AskCollect,
    AskCollectTurns,
    AskEndTurn,
    AskGo,
    AskPrepare,
    AskPrepareTurns,
    AskWarmUp,
    AskWarmUpTurns,
    Collected,
    Done,
    EngineCommand,
    EngineReply,
    Refused,
    Tick,
    TooFast,
    TurnsCollected,
    TurnTaken,
    Warmed,
    encode_reply,
    parse_command,
)
from bench.model import LoadSpec

_LINE_LIMIT = 1 << 20

SendReply = Callable[[EngineReply], None]


class Worker:
    """Keeps connections and the created items from one command to the next."""

    def __init__(self, say: SendReply) -> None:
        self._say = say
        self._clients: dict[str, tuple[float, Client]] = {}
        """By address, with the patience that each was made with."""
        self._window: Window | None = None
        self._created: dict[str, CreatedItems] = {}
        """What the latest creates of each address were answered with."""
        self._turns: dict[str, TurnWindow] = {}

    async def reply_to(self, command: EngineCommand) -> EngineReply:
        """Carry out a command. Raises ValueError where nothing has been prepared for it."""
        match command:
            case AskWarmUp(spec, min_s, max_s):
                # A warm-up begins a cell: connections that another one left open would hold
                # places in the server.
                await self._disconnect(spec.base_url)
                # With the window's seed, the window's first updates would change nothing.
                other = replace(spec, seed=-1 - spec.seed)
                window = Window(await self._client_for(spec), other, self._created_at(spec))
                return Warmed(await windows.warm_up(window, min_s, max_s))
            case AskPrepare(spec):
                self._window = Window(await self._client_for(spec), spec, self._created_at(spec))
                windows.collector_off()
                return Done()
            case AskGo():
                await windows.measure(self._prepared(), lambda progress: self._say(Tick(progress)))
                return Done()
            case AskCollect():
                return self._collect()
            case AskPrepareTurns(specs):
                await self.close()
                self._turns = {target: TurnWindow(spec) for target, spec in specs.items()}
                windows.collector_off()
                return Done()
            case AskWarmUpTurns(target, min_s, max_s):
                return Warmed(await self._turns_of(target).warm_up(min_s, max_s))
            case AskBeginTurn(target):
                self._turns_of(target).begin_turn()
                return Done()
            case AskEndTurn(target, from_s, to_s):
                return TurnTaken(await self._turns_of(target).end_turn(from_s, to_s))
            case AskCollectTurns():
                windows.collector_on()
                return TurnsCollected({name: turns.result() for name, turns in self._turns.items()})

    def _collect(self) -> EngineReply:
        window = self._prepared()
        windows.collector_on()
        if any(share.operation == "create" for share in window.spec.shares):
            self._created[window.spec.base_url] = window.created
        return Collected(window.result())

    def _prepared(self) -> Window:
        if self._window is None:
            raise ValueError("no window has been prepared")
        return self._window

    def _turns_of(self, target: str) -> TurnWindow:
        if target not in self._turns:
            raise ValueError(f"no turns of {target} have been prepared")
        return self._turns[target]

    def _created_at(self, spec: LoadSpec) -> CreatedItems:
        return self._created.get(spec.base_url, {})

    async def _client_for(self, spec: LoadSpec) -> Client:
        """The client with the connections of the window before, if it serves this one too."""
        timeout_s, client = self._clients.get(spec.base_url, (None, None))
        if client is None or timeout_s != spec.timeout_s:
            await self._disconnect(spec.base_url)
            client = Client(spec.base_url, spec.timeout_s)
            self._clients[spec.base_url] = spec.timeout_s, client
        return client

    async def _disconnect(self, base_url: str) -> None:
        if base_url in self._clients:
            _, client = self._clients.pop(base_url)
            await client.close()

    async def close(self) -> None:
        """Close all connections."""
        for window in self._turns.values():
            await window.close()
        self._turns = {}
        for base_url in tuple(self._clients):
            await self._disconnect(base_url)


def _start_at_once[T](
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], **options: Any
) -> asyncio.Task[T]:
    """Start a task now, not in the next turn of the loop: requests leave when they are due."""
    # asyncio.eager_task_factory does not take the options that uvloop passes.
    return asyncio.Task(coroutine, loop=loop, **{**options, "eager_start": True})


async def _converse(say: SendReply) -> None:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(_start_at_once)
    commands = asyncio.StreamReader(limit=_LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    worker = Worker(say)
    say(Done())
    while line := await commands.readline():
        try:
            say(await worker.reply_to(parse_command(line)))
        except ValueError as error:
            say(Refused(str(error)))
        except RateTooHighError as error:
            say(TooFast(str(error)))
    await worker.close()


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def run(write: Callable[[bytes], None]) -> None:
    """Serve until standard input ends. Replies go out through `write`."""
    _allow_many_connections()
    uvloop.run(_converse(lambda reply: write(encode_reply(reply))))
