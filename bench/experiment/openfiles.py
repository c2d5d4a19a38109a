"""Whether those who make and those who serve a load may have so many connections open.

Who may not answers 503, or resets, or not for seconds, and it would look like the service's own
doing.
"""

from collections.abc import Iterator

from bench.errors import SetupError
from bench.experiment.lab import Lab
from bench.kernel.limits import open_files, waiting_connections
from bench.model import Plan

OWN_FILES = 128
"""What a service has open besides: 50 connections to its database at most, pipes and files."""


def require_files(lab: Lab, plan: Plan) -> None:
    """Raises SetupError, with the figures, when somebody may have too few files open.

    Asked of those who run. The load's makers get what this process has.
    """
    needed = plan.connections + OWN_FILES
    for who, allowed in _allowed(lab):
        if allowed is not None and allowed < needed:
            raise SetupError(
                f"{who} may have {allowed} files open, and {plan.connections} connections "
                f"need {needed}",
                "Raise the hard limit (`ulimit -Hn`; /etc/security/limits.conf, or the "
                "container's nofile), or measure with fewer: CONCURRENCY, USERS.",
            )


def require_queue(plan: Plan) -> None:
    """Raises SetupError when the connections that a closed loop opens at once may not all wait for
    a server: one that is turned away comes again after a second, and waits all the time.
    """
    # A sweep has the pacing of its highest level.
    at_once = plan.pacing.connections if plan.pacing.takes_turns else 0
    allowed = waiting_connections()
    if allowed is not None and allowed < at_once:
        raise SetupError(
            f"{at_once} connections are opened at once, and this machine lets {allowed} wait for a "
            "server (net.core.somaxconn)",
            "Raise it (sudo sysctl net.core.somaxconn=4096; in a container where it was started), "
            "or measure with fewer: CONCURRENCY.",
        )


def _allowed(lab: Lab) -> Iterator[tuple[str, int | None]]:
    yield "the load generator", open_files()
    for target in lab.targets:
        pid = lab.app_pid(target)
        if pid is not None:
            yield target.title, open_files(pid)
