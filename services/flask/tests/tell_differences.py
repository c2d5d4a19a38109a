"""Tells what this service has off its defaults (see tests/conformance/modes)."""

from importlib import import_module
from pathlib import Path

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from inside import (
    Settings,
    arguments_of,
    differing,
    engine,
    gunicorn,
    listeners,
    marshmallow_schemas,
    session,
    tell,
)
from werkzeug.routing import Map, Rule

# What the environment decides; what is told by its parts; what Gunicorn tells the app.
APART = {"SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_ENGINE_OPTIONS", "SERVER"}


def flask(app: Flask) -> Settings:
    """What its configuration has, Flask-SQLAlchemy's included, and its JSON provider."""
    plain = Flask("plain")
    plain.config["SQLALCHEMY_DATABASE_URI"] = app.config["SQLALCHEMY_DATABASE_URI"]
    SQLAlchemy().init_app(plain)
    running = {name: value for name, value in app.config.items() if name not in APART}
    found = differing("flask", running, plain.config)
    names = ("sort_keys", "compact", "ensure_ascii", "mimetype")
    values = (
        {name: getattr(application.json, name) for name in names} for application in (app, plain)
    )
    found |= differing("flask.json", *values)
    names = ("request_class", "response_class", "json_provider_class", "session_interface")
    values = ({name: getattr(application, name) for name in names} for application in (app, plain))
    found |= differing("flask", *values)
    if getattr(app.wsgi_app, "__func__", None) is not Flask.wsgi_app:
        found["flask.wsgi_app"] = None
    return found | hooks(app)


def hooks(app: Flask) -> Settings:
    """The service's own functions that run before, after or around requests."""
    found: Settings = {}
    for name in HOOKS:
        functions = [function for group in getattr(app, name).values() for function in group]
        own = [
            function.__name__
            for function in functions
            if function.__module__.startswith("inventory")
        ]
        if own:
            found[f"flask.{name}"] = ", ".join(own)
    return found


HOOKS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "url_value_preprocessors",
)


def routes(app: Flask) -> Settings:
    """Options of the map, and those of rules: one of a whole blueprint is told once."""
    plain = Map([Rule("/")])
    names = ("strict_slashes", "merge_slashes", "redirect_defaults", "host_matching")
    values = ({name: getattr(item, name) for name in names} for item in (app.url_map, plain))
    found = differing("werkzeug.Map", *values)
    names = ("strict_slashes", "merge_slashes", "alias", "host", "subdomain", "websocket")
    (default,) = plain.iter_rules()
    for rule in app.url_map.iter_rules():
        values = ({name: getattr(item, name) for name in names} for item in (rule, default))
        found |= differing(f"werkzeug.Rule.{rule.endpoint.partition('.')[0]}", *values)
    return found


def database(app: Flask) -> Settings:
    db = app.extensions["sqlalchemy"]
    with app.app_context():
        return engine(db.engine) | session(db.session.session_factory, query_cls=db.Query)


def main() -> None:
    arguments = arguments_of("gunicorn")
    module, _, factory = arguments[0].partition(":")
    app = getattr(import_module(module), factory.removesuffix("()"))()
    settings = gunicorn(arguments) | flask(app) | routes(app) | database(app)
    tell(settings | listeners(Path.cwd()) | marshmallow_schemas(Path.cwd()))


main()
