"""What the generator itself can do: its rate and its CPU time per request, against a server with
nothing behind it. Beside it, the same requests from Locust's FastHttpUser.

A measured service is only as fast as its figure says if the generator had room to spare; this is
the room. The two clients take turns, so that a slow spell of the machine meets both.
"""

import json
import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.cpuclock import process_cpu_s
from bench.errors import GeneratorFailed
from bench.load import process
from bench.load.engine import Engine
from bench.load.nullserver import Behaviour, running
from bench.load.wire import encode_spec
from bench.model import ClosedLoop, LoadSpec, Operation, Rows, Share

_PACING = ClosedLoop(20)

_SHARES: Mapping[Operation, Share] = {
    "read": Share("read", ids=Rows(1, Behaviour.rows)),
    "create": Share("create"),
    "list": Share("list"),
}


@dataclass(frozen=True)
class Cost:
    """The median over all turns of one client with one operation."""

    operation: Operation
    rate_per_s: float
    cpu_us_per_request: float


@dataclass(frozen=True)
class Ceiling:
    """The most that the generator can send, and what each request costs it."""

    generator: tuple[Cost, ...]
    fasthttp: tuple[Cost, ...]

    def advantage(self, operation: Operation) -> float:
        """How many times the requests of FastHttpUser the generator sends per CPU second."""
        theirs, ours = _cost(self.fasthttp, operation), _cost(self.generator, operation)
        return theirs.cpu_us_per_request / ours.cpu_us_per_request


def _cost(costs: Sequence[Cost], operation: Operation) -> Cost:
    return next(cost for cost in costs if cost.operation == operation)


def measure_ceiling(
    generator: Engine,
    server_cpus: Sequence[int],
    *,
    duration_s: float = 3.0,
    turns: int = 3,
    operations: Sequence[Operation] = ("read", "create"),
    fasthttp_cpus: Sequence[int] = (),
) -> Ceiling:
    """Measure some of read, create and list.

    Without `fasthttp_cpus` Locust is left out, which takes most of the time and knows read and
    create only. Raises GeneratorFailed when a request fails.
    """
    ours: dict[Operation, list[Cost]] = {}
    theirs: dict[Operation, list[Cost]] = {}
    with running(server_cpus, Behaviour()) as base_url:
        for turn in range(turns):
            for share in (_SHARES[operation] for operation in operations):
                spec = LoadSpec(base_url, (share,), _PACING, seed=turn, duration_s=duration_s)
                ours.setdefault(share.operation, []).append(_generator_turn(generator, spec))
                if fasthttp_cpus:
                    cost = _fasthttp_turn(spec, fasthttp_cpus)
                    theirs.setdefault(share.operation, []).append(cost)
    return Ceiling(
        generator=tuple(_median(costs) for costs in ours.values()),
        fasthttp=tuple(_median(costs) for costs in theirs.values()),
    )


def _generator_turn(generator: Engine, spec: LoadSpec) -> Cost:
    generator.warm_up(spec, min_s=0.2, max_s=1.0)
    generator.prepare(spec)
    before_s = process_cpu_s(generator.pid)
    generator.go()
    cpu_s = process_cpu_s(generator.pid) - before_s
    result = generator.collect()
    if result.failed:
        raise GeneratorFailed(f"The null server failed requests: {dict(result.failures)}")
    cpu_us = cpu_s * 1e6 / result.succeeded
    return Cost(spec.shares[0].operation, result.rate_per_s, cpu_us)


def _fasthttp_turn(spec: LoadSpec, cpus: Sequence[int]) -> Cost:
    arguments = (str(os.getpid()), process.list_cpus(cpus), encode_spec(spec).decode())
    locust = subprocess.run(
        process.command("bench.load.fasthttp", *arguments),
        env=process.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if locust.returncode != 0:
        raise GeneratorFailed("Locust's FastHttpUser did not run", locust.stderr[-2000:])
    measured = json.loads(locust.stdout.splitlines()[-1])
    if measured["failures"]:
        raise GeneratorFailed(f"{measured['failures']} of FastHttpUser's requests failed")
    rate_per_s = measured["requests"] / measured["duration_s"]
    cpu_us = measured["cpu_s"] * 1e6 / measured["requests"]
    return Cost(spec.shares[0].operation, rate_per_s, cpu_us)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        costs[0].operation,
        statistics.median(cost.rate_per_s for cost in costs),
        statistics.median(cost.cpu_us_per_request for cost in costs),
    )
