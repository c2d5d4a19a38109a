"""Tells what this service has off its defaults (see tests/conformance/modes)."""

from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import global_settings, project_template, settings
from django.db import connection
from django.db.utils import ConnectionHandler
from django.urls import get_resolver
from inside import (
    Settings,
    arguments_of,
    differing,
    gunicorn,
    loaded_classes,
    loaded_modules,
    shown,
    tell,
)

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


def routers() -> Settings:
    """Options of routers, and what they read of a view set that has no default to override."""
    from rest_framework.routers import SimpleRouter
    from rest_framework.viewsets import ViewSetMixin

    found: Settings = {}
    for module, _ in loaded_modules(Path.cwd()):
        for router in vars(module).values():
            if isinstance(router, SimpleRouter):
                kind = type(router)
                values, usual = (
                    {name: vars(each)[name] for name in vars(each) if name[0] != "_"}
                    for each in (router, kind())
                )
                values["registry"] = usual["registry"] = None  # what it routes
                found |= differing(f"rest_framework.{kind.__name__}", values, usual)
    for view in loaded_classes(Path.cwd(), ViewSetMixin):
        options = {name: value for name, value in vars(view).items() if name.startswith("lookup_")}
        found |= differing(f"rest_framework.{view.__name__}", options, {})
    return found


def serializers() -> Settings:
    """What each serializer's `Meta` says beside its model and its fields."""
    from rest_framework.serializers import BaseSerializer

    found: Settings = {}
    for serializer in loaded_classes(Path.cwd(), BaseSerializer):
        prefix = f"rest_framework.{serializer.__name__}"
        meta = {name: value for name, value in vars(serializer.Meta).items() if name[:2] != "__"}
        for field, options in meta.pop("extra_kwargs", {}).items():
            found |= differing(f"{prefix}.{field}", options, {})
        for name in meta.keys() - {"model", "fields"}:
            found[f"{prefix}.Meta.{name}"] = shown(meta[name])
    return found


def main() -> None:
    django.setup()
    arguments = arguments_of("gunicorn")
    import_module(arguments[0].partition(":")[0])
    get_resolver().check()  # loads all routes
    settings_of = [gunicorn(arguments), django_settings(), database(), rest_framework()]
    settings_of += [routers(), serializers()]
    tell({name: text for each in settings_of for name, text in each.items()})


main()
