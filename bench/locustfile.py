"""The users for Locust: `make locust`, `make locust-ui`, or plain `locust -f bench/locustfile.py`.

Choose classes (FastAPIUser, FlaskUser, DRFUser, one for every other target, such as FlaskTunedUser,
or APIUser for any of the standard ones), and how they wait: `--wait 1-3` seconds, or
`--throughput 2` requests per second and user. SHAPE=step, spike, soak or ramp moves the number of
users; TARGET_HOST= names the machine where the services run. With `--seed 1` each user does the
same in every run. A 404 for an item of a user's own counts as success, for others may use the same
database; with `--alone` it is a failure.
"""

# Locust patches sockets and threads when it is imported, so it comes before everything else.
from locust import LoadTestShape, events  # isort: skip
from locust.runners import WorkerRunner  # isort: skip

import logging
import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]  # its types are a package of their own

# Locust runs this file, wherever it was started; the package it belongs to is one level up.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from bench.errors import UsageError
from bench.load.users import telemetry
from bench.load.users.locust_users import AnyUser, ItemUser
from bench.load.users.settings import MOST_THROUGHPUT_PER_S, parse_wait, user_class
from bench.load.users.shapes import SHAPES, Stage
from bench.targets import known_targets

log = logging.getLogger(__name__)


class APIUser(AnyUser):
    """Somebody who uses one of the APIs, whichever it happens to be."""


# Locust finds classes by the names of this module.
for _target in known_targets():
    globals()[user_class(_target.name)] = type(
        user_class(_target.name), (ItemUser,), {"target": _target.name, "__module__": __name__}
    )


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    """Options of these users. A master hands them on to its workers."""
    parser.add_argument(
        *("--wait",),
        env_var="WAIT",
        default="1-3",
        type=_wait,
        help="Seconds between a user's requests: 1-3, or 2",
    )
    parser.add_argument(
        *("--throughput",),
        env_var="THROUGHPUT",
        type=float,
        help="Requests per second and user, on a beat, instead of waiting",
    )
    parser.add_argument(
        *("--throughput-users",),
        type=int,
        include_in_web_ui=False,
        help="Between how many users the beats are divided (default: --users)",
    )
    parser.add_argument(
        *("--shape-time",),
        type=float,
        include_in_web_ui=False,
        help="Seconds from the beginning to the end of a SHAPE (default: --run-time)",
    )
    parser.add_argument(
        "--seed", type=int, include_in_web_ui=False, help="Of what each user does and sends"
    )
    parser.add_argument(
        *("--alone",),
        action="store_true",
        include_in_web_ui=False,
        help="Nobody else uses these databases: a 404 for an item of one's own is a failure",
    )


def _wait(text: str) -> str:
    """The same text, for master and page; a mistake in it is one of the command line."""
    try:
        parse_wait(text)
    except UsageError as error:
        raise ArgumentTypeError(f"{error.message}. {error.remedy}") from error
    return text


def _throughput(value: Any) -> float | None:
    """None where users pause instead. Raises UsageError."""
    if value in (None, ""):
        return None
    try:
        if 0 < float(value) <= MOST_THROUGHPUT_PER_S:
            return float(value)
    except ValueError:
        pass
    raise UsageError(f"throughput {value} is no rate", "Say requests per second and user: 2.")


@events.test_start.add_listener
def check_options(environment: Any, **_: Any) -> None:
    """What was typed into Locust's page comes unchecked: a mistake ends the test, with a line."""
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return  # its master has looked
    options = environment.parsed_options
    try:
        parse_wait(options.wait)
        options.throughput = _throughput(options.throughput)
    except UsageError as error:
        log.error("%s. %s", error.message, error.remedy)
        gevent.spawn(runner.quit if options.headless else runner.stop)
        # Locust's own StopTest would leave a traceback beside the line.
        raise gevent.GreenletExit from error


def _shape(name: str) -> type[LoadTestShape]:
    course = SHAPES[name]

    class ChosenShape(LoadTestShape):
        """Follows the course with the common options: users, spawn rate and run time."""

        use_common_options = True
        held = False
        """Whether the lab has yet to say go; the clock does not run until then."""

        def tick(self) -> Stage | None:
            assert self.runner is not None
            options = self.runner.environment.parsed_options
            assert options is not None
            run_time_s = float(options.shape_time or options.run_time or 60)
            elapsed_s = 0.0 if self.held else self.get_run_time()
            if elapsed_s >= run_time_s:
                return None
            return course(
                elapsed_s, run_time_s, int(options.num_users or 1), float(options.spawn_rate or 1)
            )

    return ChosenShape


if chosen := os.environ.get("SHAPE"):
    if chosen not in SHAPES:
        sys.exit(f"unknown SHAPE={chosen}; known shapes: {', '.join(SHAPES)}")
    Shape = _shape(chosen)
del ItemUser, AnyUser

# Under the lab the process that started Locust has installed it already.
if not telemetry.installed():
    telemetry.install()
