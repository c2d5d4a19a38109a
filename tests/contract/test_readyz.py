"""What a running service says of itself: its packages' versions and the settings in force."""

import platform
from importlib.metadata import version

import pytest

from bench.targets import known_targets


def test_readyz_reports_what_runs(service):
    """Readyz names Python and each package of service.toml, in the versions that are installed."""
    listed = {target.name: target.packages for target in known_targets()}.get(service.name)
    if listed is None:
        pytest.skip(f"{service.name} is not described here")
    expected = {"python": platform.python_version()} | {name: version(name) for name in listed}
    answer = service.ask("GET", "/readyz")
    assert answer.status == 200
    told = answer.json()
    assert {name: told[name] for name in ("status", "versions")} == {
        "status": "ok",
        "versions": expected,
    }


# What every target has, and what a target has only if its way of working knows such a thing.
ALWAYS_TOLD = {"workers", "access_log", "debug"}
SETTINGS = {
    "workers": 1,
    "server_threads": 20,
    "keepalive_s": 75,
    "access_log": False,
    "debug": False,
    "pool_timeout_s": 60,
    "connection_check": True,
}
# Size and overflow of a pool: SQLAlchemy's, one that knows no overflow, and none at all.
POOLS = {(20, 30), (50, None), (None, None)}
AGES_S = {3600, 600}  # of SQLAlchemy's pool, and of Django's connections
DRIVERS = {"psycopg2", "asyncpg"}


def test_readyz_reports_the_settings_in_force(service):
    """What has to be equal for a comparison is what the running service says of itself."""
    settings = service.ask("GET", "/readyz").json()["settings"]
    age_s = settings.pop("connection_max_age_s", None)
    driver = settings.pop("driver", None)
    pool = settings.pop("pool_size", None), settings.pop("pool_overflow", None)
    assert set(settings) >= ALWAYS_TOLD
    assert settings == {name: SETTINGS[name] for name in settings}
    assert pool in POOLS
    assert age_s is None or age_s in AGES_S
    assert driver is None or driver in DRIVERS
    # Who waits for the database in threads tells how many.
    assert "server_threads" in settings or driver == "asyncpg"
