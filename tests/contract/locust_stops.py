"""Ends a Locust run after 200 requests: no test may depend on how fast this machine is."""

from typing import Any

from locust import events
from locust.env import Environment


@events.init.add_listener
def stop_after_enough(environment: Environment, **_: Any) -> None:
    def stop(**_: Any) -> None:
        if environment.runner and environment.stats.total.num_requests >= 200:
            environment.runner.quit()

    events.request.add_listener(stop)
