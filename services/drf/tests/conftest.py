"""The tests use the real settings and the PostgreSQL that the environment names.

A process has the settings of one mode. Standard ones are taken where the environment names none,
and one test runs the suite again with the tuned ones.
"""

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.standard")
IS_TUNED = os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.tuned"
collect_ignore = ["test_tuned_mode.py"] if IS_TUNED else ["tuned"]
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402


@pytest.fixture(scope="session")
def migrated() -> None:
    call_command("migrate", verbosity=0)


@pytest.fixture(autouse=True)
def empty_tables(migrated: None) -> None:
    """Many times cheaper than TRUNCATE, which makes new files for each table and index."""
    with connection.cursor() as cursor:
        for table in ("django_admin_log", "auth_user", "django_session", "items"):
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def client() -> APIClient:
    return APIClient(SERVER_NAME="localhost", raise_request_exception=False)
