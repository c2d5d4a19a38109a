"""What a target and its database must be before they are measured."""

from contextlib import closing

import psycopg2
import pytest

from bench.database.admin import Admin
from bench.errors import DatabaseFailed, TargetUnfit, UnitFailed
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.verify import verify
from bench.model import Target
from bench.targets import known_targets

from .conftest import as_service, get


def test_effective_settings_are_read_from_the_server(lab: Lab, admin: Admin) -> None:
    """What is recorded is what runs."""
    settings = admin.settings()
    assert settings["server_version"] == lab.binaries.version
    assert settings["fsync"] == "on"
    assert settings["autovacuum"] == "off"
    assert settings["password_encryption"] == "scram-sha-256"


def test_what_is_set_for_the_services_sessions_is_seen_and_named_where_it_stops_a_start(
    lab: Lab, target: Target, admin: Admin
) -> None:
    """The lab's own session has none of it."""
    name = target.database_name
    before = admin.settings()
    session = psycopg2.connect(
        host="127.0.0.1",
        port=target.database_port,
        dbname=name,
        user="postgres",
        passfile=str(lab.secrets.admin_pgpass),
    )
    session.autocommit = True
    with closing(session), session.cursor() as cursor:
        cursor.execute("ALTER ROLE testuser SET statement_timeout = '7s'")
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        cursor.execute(f'ALTER ROLE testuser IN DATABASE "{name}" SET search_path = nowhere')
        try:
            assert admin.own_settings() == {
                "search_path of the role in the database": "nowhere",
                "statement_timeout of the role": "7s",
                "synchronous_commit of the database": "off",
            }
            assert admin.settings() == {**before, **admin.own_settings()}
            lab.stop((app_unit_name(target),))
            with pytest.raises(UnitFailed) as caught:
                lab.start((target,), outlive=False)
        finally:
            cursor.execute("ALTER ROLE testuser RESET ALL")
            cursor.execute(f'ALTER DATABASE "{name}" RESET ALL')
            cursor.execute(f'ALTER ROLE testuser IN DATABASE "{name}" RESET ALL')
    assert "search_path of the role in the database is nowhere" in caught.value.remedy
    assert "make clean" in caught.value.remedy
    assert admin.own_settings() == {}
    lab.start((target,), outlive=False)


def test_a_removed_table_is_what_makes_a_service_unfit(
    lab: Lab, target: Target, admin: Admin
) -> None:
    """It is named with what helps, whatever the service answers then."""
    verify(lab.site, target, admin)
    as_service(lab, target, "ALTER TABLE items RENAME TO elsewhere")
    try:
        with pytest.raises(TargetUnfit, match="somebody has removed its table items"):
            verify(lab.site, target, admin)
    finally:
        as_service(lab, target, "ALTER TABLE elsewhere RENAME TO items")
    verify(lab.site, target, admin)


def test_provisioning_again_changes_nothing(lab: Lab, target: Target, admin: Admin) -> None:
    """make up twice is harmless: the service still reaches its database."""
    admin.provision()
    assert get(lab, target, "/readyz")


@pytest.mark.parametrize("name", [known.name for known in known_targets()])
def test_every_target_passes_the_smoke(lab: Lab, name: str) -> None:
    """All services keep the contract, and report the versions they run with."""
    (target,) = (candidate for candidate in lab.targets if candidate.name == name)
    lab.start((target,), outlive=False)
    with lab.admin(target) as admin:
        reported = verify(lab.site, target, admin)
        assert set(reported.versions) == {"python", *target.packages}
        assert reported.settings["workers"] == 1
        assert admin.table()["column id"].startswith("bigint")
        assert "btree (id) unique" in admin.table()["indexes"]


def test_a_service_that_stores_nothing_is_unfit(
    lab: Lab, target: Target, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good answers without a row in the database do not pass."""
    monkeypatch.setattr(Admin, "fetch_item", lambda self, item_id: None)
    with pytest.raises(TargetUnfit, match="the stored row"):
        verify(lab.site, target, admin)


def test_a_lost_connection_is_told(lab: Lab, target: Target) -> None:
    """A database that ends in the middle is an error with the framework's log named."""
    with lab.admin(target) as admin, lab.admin(target) as killer:
        admin.load_rows(1)
        killer.load_rows(1)
        with killer._items().cursor() as cursor, admin._items().cursor() as own:
            own.execute("SELECT pg_backend_pid()")
            (pid,) = own.fetchone()
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(DatabaseFailed, match="loading the data set") as caught:
            admin.load_rows(1)
    assert f"make logs FRAMEWORK={target.name}" in caught.value.remedy
