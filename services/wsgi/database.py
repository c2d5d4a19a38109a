"""One statement at a time, on a connection that each of the server's threads keeps to itself."""

import os
import threading
import time
from typing import Any

import psycopg2

DATABASE_URL = os.environ["DATABASE_URL"]
MAX_AGE_S = 3600

thread = threading.local()


def execute(sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows that a statement gives, by column. It commits itself."""
    with checked_connection().cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def checked_connection() -> Any:
    """This thread's connection, if it still answers and is young enough, or a new one."""
    connection = getattr(thread, "connection", None)
    if connection and time.monotonic() - thread.opened < MAX_AGE_S and answers(connection):
        return connection
    if connection:
        connection.close()
    thread.connection = connection = psycopg2.connect(DATABASE_URL)
    thread.opened = time.monotonic()
    connection.autocommit = True
    return connection


def answers(connection: Any) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True
