"""Echo: what the schema makes of a body, without the database."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from inventory.standard.schemas import item_schema

bp = Blueprint("echo", __name__)


@bp.post("/echo")
def echo() -> ResponseReturnValue:
    item = item_schema.load(request.get_json())
    return item_schema.dump(item)
