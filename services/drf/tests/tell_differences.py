"""Tells what this service has off its defaults (see tests/conformance/modes)."""

from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import global_settings, project_template, settings
from django.db import connection
from django.db.utils import ConnectionHandler
from django.urls import get_resolver
from inside import Settings, arguments_of, differing, gunicorn, tell

# What the environment decides, and where the service stands.
FROM_ENVIRONMENT = {"SECRET_KEY", "SETTINGS_MODULE", "BASE_DIR", "DATABASES", "REST_FRAMEWORK"}
ADDRESS = {"NAME", "USER", "PASSWORD", "HOST", "PORT", "TEST"}


def generated() -> dict[str, Any]:
    """Django's defaults, and over them what `django-admin startproject` writes."""
    template = Path(project_template.__path__[0]) / "project_name" / "settings.py-tpl"
    text = template.read_text().replace("{{ project_name }}", "config")
    names: dict[str, Any] = {"__file__": __file__}
    exec(text, names)
    return vars(global_settings) | names


def django_settings() -> Settings:
    running = {name: getattr(settings._wrapped, name) for name in dir(settings._wrapped)}
    names = [name for name in running if name.isupper() and name not in FROM_ENVIRONMENT]
    defaults = {name: value for name, value in generated().items() if name.isupper()}
    for name in names:  # what the template changes for development may be Django's own default
        if running[name] == getattr(global_settings, name, ...):
            defaults[name] = running[name]
    return differing("django", {name: running[name] for name in names}, defaults)


def database() -> Settings:
    running = {
        name: value for name, value in connection.settings_dict.items() if name not in ADDRESS
    }
    defaults = ConnectionHandler({"default": {}}).settings["default"]
    defaults["DISABLE_SERVER_SIDE_CURSORS"] = False  # what Django takes for its absence
    return differing("django.DATABASES", running, defaults)


def rest_framework() -> Settings:
    from rest_framework.settings import DEFAULTS

    return differing("rest_framework", settings.REST_FRAMEWORK, DEFAULTS)


def main() -> None:
    django.setup()
    arguments = arguments_of("gunicorn")
    import_module(arguments[0].partition(":")[0])
    get_resolver().check()  # loads all routes
    settings_of = [gunicorn(arguments), django_settings(), database(), rest_framework()]
    tell({name: text for each in settings_of for name, text in each.items()})


main()
