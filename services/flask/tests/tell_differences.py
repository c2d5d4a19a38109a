"""Tells what this service has off its defaults (see tests/conformance/modes)."""

from importlib import import_module
from inspect import Parameter, signature
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from inside import Settings, arguments_of, differing, gunicorn, tell
from marshmallow import Schema, fields
from marshmallow.schema import SchemaOpts
from sqlalchemy import QueuePool
from werkzeug.routing import Map, Rule

# What the environment decides; what is told by its parts; what Gunicorn tells the app.
APART = {"SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_ENGINE_OPTIONS", "SERVER"}


def parameters(function: Any) -> dict[str, Any]:
    """A function's parameters that have a default, with it."""
    found = signature(function).parameters.values()
    return {one.name: one.default for one in found if one.default is not Parameter.empty}


def flask(app: Flask) -> Settings:
    """What its configuration has, Flask-SQLAlchemy's included."""
    plain = Flask("plain")
    plain.config["SQLALCHEMY_DATABASE_URI"] = app.config["SQLALCHEMY_DATABASE_URI"]
    SQLAlchemy().init_app(plain)
    running = {name: value for name, value in app.config.items() if name not in APART}
    return differing("flask", running, plain.config)


def routes(app: Flask) -> Settings:
    """Options of the map, and those of rules: one of a whole blueprint is told once."""
    plain = Map([Rule("/")])
    names = ("strict_slashes", "merge_slashes", "redirect_defaults", "host_matching")
    values = ({name: getattr(one, name) for name in names} for one in (app.url_map, plain))
    found = differing("werkzeug.Map", *values)
    names = ("strict_slashes", "merge_slashes", "alias", "host", "subdomain", "websocket")
    (default,) = plain.iter_rules()
    for rule in app.url_map.iter_rules():
        values = ({name: getattr(one, name) for name in names} for one in (rule, default))
        found |= differing(f"werkzeug.Rule.{rule.endpoint.partition('.')[0]}", *values)
    return found


def sqlalchemy(app: Flask) -> Settings:
    options = app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    defaults = parameters(QueuePool.__init__) | {"pool_pre_ping": False, "pool_recycle": -1}
    defaults |= {"pool_timeout": defaults["timeout"]}
    return differing("sqlalchemy.create_engine", options, defaults)


def marshmallow(schemas: Any) -> Settings:
    found: Settings = {}
    for schema in vars(schemas).values():
        if isinstance(schema, type) and issubclass(schema, Schema) and schema is not Schema:
            plain = vars(SchemaOpts(Schema.Meta))
            found |= differing(f"marshmallow.{schema.__name__}", vars(schema.opts), plain)
            for name, field in schema._declared_fields.items():
                if isinstance(field, fields.Boolean):
                    running = {"truthy": sorted(field.truthy), "falsy": sorted(field.falsy)}
                    found |= differing(f"marshmallow.{schema.__name__}.{name}", running, {})
    return found


def main() -> None:
    arguments = arguments_of("gunicorn")
    module, _, factory = arguments[0].partition(":")
    app = getattr(import_module(module), factory.removesuffix("()"))()
    schemas = import_module(f"{module}.schemas")
    settings = gunicorn(arguments) | flask(app) | routes(app) | sqlalchemy(app)
    tell(settings | marshmallow(schemas))


main()
