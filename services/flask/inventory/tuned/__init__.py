"""The application as one tunes it, and as the strict contract wants it."""

from typing import Any

from flask import Flask

from inventory import errors, health
from inventory.config import SQLALCHEMY_ENGINE_OPTIONS
from inventory.extensions import db, migrate
from inventory.tuned import echo, items, protocol
from inventory.tuned.provider import OrjsonProvider


def create_app(config: dict[str, Any] | None = None) -> Flask:
    # An API serves no static files; without the folder there is no route for them either.
    app = Flask(__name__, static_folder=None)
    app.config.from_object("inventory.config")
    # Each request is one statement, which commits itself: no BEGIN and no COMMIT around it,
    # and nothing to roll back when the connection returns to the pool.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = SQLALCHEMY_ENGINE_OPTIONS | {
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
    }
    app.config.from_mapping(config)
    app.json = OrjsonProvider(app)

    db.init_app(app)
    migrate.init_app(app, db)

    protocol.init_app(app)
    app.register_blueprint(items.bp)
    app.register_blueprint(echo.bp)
    app.register_blueprint(health.bp)
    app.register_blueprint(errors.bp)
    return app
