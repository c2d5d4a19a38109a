"""What a request costs without the database."""

import os

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from inventory.health import VERSIONS
from inventory.standard.schemas import item_schema

bp = Blueprint("probes", __name__)


@bp.get("/ping")
def ping() -> ResponseReturnValue:
    return {"status": "ok"}


@bp.post("/echo")
def echo() -> ResponseReturnValue:
    item: dict[str, object] = item_schema.load(request.get_json())
    return item


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The first request of an item finds out whether the database answers."""
    in_force = {"driver": "psycopg2", "connection_check": False, "rung": os.environ["RUNG"]}
    settings = current_app.config.get("SERVER", {}) | in_force
    return {"status": "ok", "versions": VERSIONS, "settings": settings}
