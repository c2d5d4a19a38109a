from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.db import connection


class ItemsConfig(AppConfig):
    name = "items"

    def ready(self) -> None:
        # Django takes psycopg 3 when that happens to be installed.
        driver = connection.Database.__name__
        if driver != "psycopg2":
            raise ImproperlyConfigured(f"The database driver must be psycopg2, not {driver}.")
