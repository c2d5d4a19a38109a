"""From what a user types to what Locust is told."""

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.load.users.settings import (
    Ports,
    default_hosts,
    locust_arguments,
    make_users,
    parse_run_time,
    parse_wait,
    user_class,
)
from bench.model import LoadSpec, Users
from bench.targets import known_targets


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [(None, (1, 3)), ("", (1, 3)), ("1-3", (1, 3)), ("2", (2, 2)), ("0.1-0.25", (0.1, 0.25))],
)
def test_pauses_are_read_and_written(text: str | None, wait_s: tuple[float, float]) -> None:
    """What WAIT says is read, and what is written of it reads the same."""
    assert parse_wait(text) == wait_s
    assert parse_wait(Users(1, 1.0, wait_s=wait_s).wait_text) == wait_s


@pytest.mark.parametrize("text", ["3-1", "-1", "1-", "soon", "1-2-3", "1e3"])
def test_other_pauses_are_mistakes(text: str) -> None:
    """Anything else is refused by the name of its variable."""
    with pytest.raises(UsageError, match="WAIT"):
        parse_wait(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60", 60), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("1.5m", 90)],
)
def test_run_times(text: str, seconds: float) -> None:
    """RUN_TIME is read in seconds, minutes and hours."""
    assert parse_run_time(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 m", "-5", "0", "5x", "m"])
def test_other_run_times_are_mistakes(text: str) -> None:
    """Anything else is refused by the name of its variable."""
    with pytest.raises(UsageError, match="RUN_TIME"):
        parse_run_time(text)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"users": 0}, "USERS"),
        ({"spawn_rate_per_s": 0}, "SPAWN_RATE"),
        ({"workers": -1}, "WORKERS"),
        ({"throughput_per_s": 0.0}, "THROUGHPUT"),
        ({"shape": "wave"}, "step, spike, soak, ramp"),
        ({"shape": "step", "throughput_per_s": 1.0}, "Choose one"),
    ],
)
def test_mistakes_are_named(changes: dict, named: str) -> None:
    """Each impossible setting is a usage error that names its variable."""
    with pytest.raises(UsageError, match=named) as raised:
        make_users(**{"users": 5, "spawn_rate_per_s": 1.0, **changes})
    assert raised.value.exit_code == 2


def arguments(
    pacing: Users, ports: Ports | None = None, *, duration_s: float = 30.0, shared: bool = False
) -> str:
    spec = LoadSpec(
        *("http://127.0.0.1:8000", (), pacing),
        seed=1,
        duration_s=duration_s,
        shared_database=shared,
    )
    return " ".join(locust_arguments(spec, "fastapi", Path("run/fastapi"), ports or Ports()))


def test_one_process_gets_no_port_at_all() -> None:
    """Locust without workers listens nowhere."""
    told = arguments(Users(50, 5.0))
    assert "--master" not in told
    assert "--users 50 --spawn-rate 5" in told
    assert "--csv-full-history" in told
    assert told.endswith("FastAPIUser")


def test_workers_of_this_machine_meet_on_loopback() -> None:
    """A master listens on all addresses unless it is told otherwise."""
    told = arguments(Users(50, 5.0, workers=2))
    assert "--processes 2" in told
    assert "--master-bind-host 127.0.0.1" in told


def test_workers_of_other_machines_are_waited_for() -> None:
    """A master for other machines listens where it is told, and waits for its workers."""
    told = arguments(Users(50, 5.0, workers=2, remote=True), Ports("192.168.1.10", 5600))
    assert "--master --expect-workers 2" in told
    assert "--master-bind-host 192.168.1.10 --master-bind-port 5600" in told


@pytest.mark.parametrize(("duration_s", "told"), [(30.0, "30.0"), (2.5, "2.5"), (1e6, "1000000.0")])
def test_only_a_shape_is_told_how_long_it_has(duration_s: float, told: str) -> None:
    """Without one the lab ends the window, from the moment it said go. Locust's own option for
    it would take whole seconds only.
    """
    assert "shape-time" not in arguments(Users(50, 5.0))
    shaped = arguments(Users(50, 5.0, shape="step"), duration_s=duration_s)
    assert f"--shape-time {told} " in shaped
    assert "--run-time" not in shaped


def test_users_are_lenient_only_where_others_can_delete_their_items() -> None:
    """And what they do follows from the seed of the window."""
    assert "--seed 1 --alone" in arguments(Users(50, 5.0))
    assert "--alone" not in arguments(Users(50, 5.0), shared=True)


def test_every_target_has_a_class_and_an_address() -> None:
    """The original's classes keep their names, others are named alike; ports move as a block."""
    names = ("fastapi", "flask", "drf", "drf-tuned", "fastapi-async", "my_own-one")
    assert [user_class(name) for name in names] == [
        *("FastAPIUser", "FlaskUser", "DRFUser", "DRFTunedUser", "FastAPIAsyncUser", "MyOwnOneUser")
    ]
    hosts = default_hosts({"PORT_OFFSET": "100", "TARGET_HOST": "lab"})
    assert hosts["fastapi"] == "http://lab:8100"
    assert hosts == {
        target.name: f"http://lab:{target.http_port + 100}" for target in known_targets()
    }
