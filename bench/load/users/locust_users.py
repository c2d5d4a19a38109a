"""The users, as Locust runs them. To be imported in a process of Locust's only."""

import functools
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gevent  # type: ignore[import-untyped]  # its types are a package of their own
from locust import FastHttpUser
from locust.runners import WorkerRunner

from bench.dataset import ItemFields
from bench.load.users.behaviour import TASKS, UserMemory, bodies, deal
from bench.load.users.pace import Beat, Pace, Pauses, phase_of
from bench.load.users.settings import TIMEOUT_S, default_hosts, parse_wait
from bench.load.users.wire_bytes import CountedPool
from bench.model import Operation
from bench.targets import default_targets, known_targets


def _task(operation: Operation) -> Callable[["ItemUser"], None]:
    def do(user: "ItemUser") -> None:
        user.do(operation)

    do.__name__ = operation
    return do


class ItemUser(FastHttpUser):
    """Somebody who looks at the list, and keeps some items of their own."""

    abstract = True
    target = ""
    # As often in the list as the weight says.
    tasks = [do for name, weight in TASKS.items() for do in [_task(name)] * weight]  # noqa: RUF012
    _numbers = itertools.count()

    def __init__(self, environment: Any) -> None:
        options = environment.parsed_options
        self._number, self._worker = next(self._numbers), _worker_of(environment)
        # With a seed the n-th user of a worker does the same in every run.
        self._rng = random.Random(f"{_seed_of(options)} user {self._worker}/{self._number}")
        self.host = environment.host or self.usual_host()
        self._pool = self.client_pool = CountedPool(TIMEOUT_S)
        super().__init__(environment)
        self._dealt: Iterator[Operation] = deal(self._rng)
        # The class has the tasks by their weights, for Locust's pages; the user its own deck.
        self.tasks = [_next_task]
        shared = not getattr(options, "alone", False)
        self._memory = UserMemory(self._rng, _bodies(_seed_of(options)), shared=shared)
        self.pace = self._own_pace()

    def usual_host(self) -> str:
        """The address of this class's target on this machine."""
        return default_hosts()[self.target]

    def _own_pace(self) -> Pace:
        options = self.environment.parsed_options
        throughput = getattr(options, "throughput", None)
        if not throughput:
            return Pauses(*parse_wait(getattr(options, "wait", None)), self._rng)
        workers = max(1, int(getattr(options, "expect_workers", 1) or 1))
        users = max(1, int(getattr(options, "throughput_users", None) or options.num_users or 1))
        phase = phase_of(self._number, self._worker, workers, users)
        return Beat(1 / float(throughput), phase, time.monotonic())

    def on_start(self) -> None:
        """With a beat of its own, a user waits for its first one."""
        if isinstance(self.pace, Beat):
            gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Seconds until this user's next request, as Locust asks for them."""
        return self.pace.wait_s(time.monotonic())

    def do_next(self) -> None:
        """Do what this user's deck deals next."""
        self.do(next(self._dealt))

    def do(self, operation: Operation) -> None:
        """Send one request and have Locust told how it went: right, or why not."""
        ask = self._memory.ask(operation)
        headers = {"Content-Type": "application/json"} if ask.body is not None else {}
        # What the event's listeners get to know of the request, filled in when it is over.
        context: dict[str, Any] = {"late_s": self.pace.late_s(time.monotonic())}
        self._pool.traffic.take()
        with self.client.request(
            ask.method,
            ask.path,
            name=ask.operation,  # statistics by operation, not by id
            data=ask.body,  # type: ignore[arg-type]  # bytes are sent as they are
            headers=headers,
            catch_response=True,
            allow_redirects=False,  # no answer of these services: to be seen, not followed
            context=context,
        ) as answer:
            # The client copies the context before it sends; the copy is what listeners see.
            seen = answer.request_meta["context"]
            seen["traffic"] = self._pool.traffic.take()
            if answer.status_code == 0:
                self._memory.unanswered(ask)
                answer.failure(_reason(answer.error))
                return
            seen["gone"] = self._memory.is_gone(ask, answer.status_code)
            fault = self._memory.fault(ask, answer.status_code, answer.content or b"")
            if fault:
                answer.failure(fault)
            else:
                answer.success()


class AnyUser(ItemUser):
    """Somebody who uses one of the APIs, whichever it happens to be."""

    abstract = True

    def usual_host(self) -> str:
        """The address of one of the targets measured by default, drawn for each user."""
        usual = {target.name for target in default_targets(known_targets())}
        return self._rng.choice([host for name, host in default_hosts().items() if name in usual])


def beats(environment: Any) -> Iterator[Beat]:
    """The beats of all users that this process runs now."""
    for greenlet in tuple(environment.runner.user_greenlets):
        # A user that has just ended has left its greenlet without arguments.
        pace = getattr(greenlet.args[0], "pace", None) if greenlet.args else None
        if isinstance(pace, Beat):
            yield pace


def _next_task(user: ItemUser) -> None:
    user.do_next()


def _worker_of(environment: Any) -> int:
    runner = environment.runner
    return max(0, runner.worker_index) if isinstance(runner, WorkerRunner) else 0


_UNSEEDED = random.SystemRandom().getrandbits(32)


def _seed_of(options: Any) -> int:
    """Where none was asked for, another one in each process."""
    seed = getattr(options, "seed", None)
    return _UNSEEDED if seed is None else int(seed)


@functools.cache
def _bodies(seed: int) -> Sequence[ItemFields]:
    return bodies(seed)


def _reason(error: Exception | None) -> str:
    """In the words of the lab's own generator where it has some."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionError):
        return "connection closed"
    return type(error).__name__
