"""What the environment decides: the database, the secret key and the host names."""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from .base import *  # noqa: F403


def required(name: str, what: str) -> str:
    """The environment variable, or one sentence that says what is missing."""
    if value := os.environ.get(name, "").strip():
        return value
    raise ImproperlyConfigured(f"{name} is not set; it must be {what}.")


def secret(path: str) -> str:
    """The secret in the file, or one sentence that says what is wrong with the file."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"SECRET_KEY_FILE cannot be read: {error}.") from error
    if not text:
        raise ImproperlyConfigured(f"SECRET_KEY_FILE names an empty file: {path}.")
    return text


SECRET_KEY = secret(required("SECRET_KEY_FILE", "the path of a file that holds the secret key"))

DATABASES = {
    "default": dj_database_url.parse(
        required("DATABASE_URL", "a URL like postgresql://user@127.0.0.1:5434/testdb_drf"),
        conn_max_age=600,
        conn_health_checks=True,
    )
}

ALLOWED_HOSTS = [
    host.strip()
    for host in os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
    if host.strip()
]
