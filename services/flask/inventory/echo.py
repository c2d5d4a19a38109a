"""Echo: what the schema makes of a body, without the database."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from inventory.schemas import item_schema

bp = Blueprint("echo", __name__)


@bp.post("/echo")
def echo() -> ResponseReturnValue:
    data: dict[str, Any] = item_schema.load(request.get_json())
    return data
