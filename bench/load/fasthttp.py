"""Locust's FastHttpUser with the requests and the checks of the load generator, for comparison.

A process of its own, because Locust patches the standard library:
`python -m bench.load.fasthttp SPEC`, where SPEC is a closed-loop `LoadSpec` as JSON. It prints one
line of JSON: requests, failures, seconds, and CPU seconds in that time.
"""

# Locust patches sockets and threads when it is imported, so it comes before everything else.
from locust import FastHttpUser, constant, task  # isort: skip
from locust.env import Environment  # isort: skip

import json
import os
import sys
import time

import gevent  # type: ignore[import-untyped]  # its types are a package of their own

from bench.cpuclock import process_cpu_s
from bench.load import process
from bench.load.answer_check import AnswerCheck
from bench.load.request_source import Source
from bench.load.wire import parse_spec
from bench.model import ClosedLoop, LoadSpec

_WARM_UP_S = 1.0


class RequestCounts:
    """What all users have done so far."""

    requests = 0
    failures = 0


def user_class(spec: LoadSpec, counted: RequestCounts) -> type[FastHttpUser]:
    """A class of Locust's users that send this load without a pause and count in `counted`."""
    source, judge = Source(spec, {}), AnswerCheck()

    class CeilingUser(FastHttpUser):
        host = spec.base_url
        wait_time = constant(0)

        @task
        def ask(self) -> None:
            request = source.next()
            assert request is not None
            if request.operation == "create":
                body = request.data.partition(b"\r\n\r\n")[2]
                kind = {"Content-Type": "application/json"}
                # Bytes are sent as they are, whatever the annotation says.
                answer = self.client.post("/items/", data=body, headers=kind, name="create")  # type: ignore[arg-type]
            else:
                answer = self.client.get(f"/items/{request.item_id}", name="read")
            counted.requests += 1
            if judge.fault(request, answer.status_code, answer.content):
                counted.failures += 1

    return CeilingUser


def measure(spec: LoadSpec) -> dict[str, float]:
    """Requests, failures, seconds and CPU seconds of one window, after a warm-up."""
    assert isinstance(spec.pacing, ClosedLoop)
    assert spec.duration_s is not None
    counted = RequestCounts()
    runner = Environment(user_classes=[user_class(spec, counted)]).create_local_runner()
    runner.start(spec.pacing.concurrency, spawn_rate=1000)
    gevent.sleep(_WARM_UP_S)
    before = counted.requests
    started_s, cpu_before_s = time.monotonic(), process_cpu_s(os.getpid())
    gevent.sleep(spec.duration_s)
    cpu_s = process_cpu_s(os.getpid()) - cpu_before_s
    measured = {
        "requests": counted.requests - before,
        "failures": counted.failures,
        "duration_s": time.monotonic() - started_s,
        "cpu_s": cpu_s,
    }
    runner.quit()
    return measured


def main() -> None:
    """Measure the load of the third argument; the first two are the parent's pid and the CPUs."""
    process.settle(int(sys.argv[1]), sys.argv[2])
    json.dump(measure(parse_spec(sys.argv[3].encode())), sys.stdout)


if __name__ == "__main__":
    main()
