"""The application as Flask's documentation puts one together."""

from typing import Any

from flask import Flask, request
from werkzeug.exceptions import ClientDisconnected

from inventory import errors, health
from inventory.extensions import db, migrate
from inventory.standard import echo, items


def create_app(config: dict[str, Any] | None = None) -> Flask:
    app = Flask(__name__)
    app.config.from_object("inventory.config")
    app.config.from_mapping(config)

    db.init_app(app)
    migrate.init_app(app, db)

    app.before_request(refuse_cut_body)
    app.register_blueprint(items.bp)
    app.register_blueprint(echo.bp)
    app.register_blueprint(health.bp)
    app.register_blueprint(errors.bp)
    return app


def refuse_cut_body() -> None:
    """Gunicorn hands on what came of a body whose client has gone. It may look like a whole one."""
    if request.content_length and len(request.get_data()) < request.content_length:
        raise ClientDisconnected
