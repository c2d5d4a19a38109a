"""An inventory of items: a small JSON API on Flask, Flask-SQLAlchemy and marshmallow."""

from flask import Flask

from inventory import echo, errors, health, items
from inventory.config import Config
from inventory.extensions import db, migrate
from inventory.routing import ItemIdConverter
from inventory.wrappers import JSONFlask


def create_app(config: Config | None = None) -> Flask:
    # An API serves no static files; without the folder there is no route for them either.
    app = JSONFlask(__name__, static_folder=None)
    app.config.from_object(config or Config.from_environment())

    app.url_map.converters["item_id"] = ItemIdConverter
    # A doubled slash is an unknown path, not a reason to redirect.
    app.url_map.merge_slashes = False

    db.init_app(app)
    migrate.init_app(app, db)

    app.register_blueprint(items.bp)
    app.register_blueprint(echo.bp)
    app.register_blueprint(health.bp)
    errors.register(app)
    return app
