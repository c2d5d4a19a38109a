"""Echo: what the schema makes of a body, without the database."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from inventory.schemas import item_schema

bp = Blueprint("echo", __name__)


@bp.post("/echo")
def echo() -> ResponseReturnValue:
    return item_schema.load(request.json_body())
