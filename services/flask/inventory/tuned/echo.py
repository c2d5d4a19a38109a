"""Echo: what the schema makes of a body, without the database."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from inventory.tuned.protocol import json_body
from inventory.tuned.schemas import item_schema

bp = Blueprint("echo", __name__)


@bp.post("/echo")
def echo() -> ResponseReturnValue:
    item: dict[str, Any] = item_schema.load(json_body())
    return item
