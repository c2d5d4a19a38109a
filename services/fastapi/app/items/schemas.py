"""What clients send and get."""

from typing import Annotated, TypedDict

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

# PostgreSQL's text holds every character but NUL.
NO_NUL = r"^[^\x00]*$"


class ItemIn(BaseModel):
    """An item without its id, as clients send it. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_NUL)]
    description: Annotated[str, Field(max_length=1000, pattern=NO_NUL)] = ""
    price: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    in_stock: bool = True


class ItemRead(TypedDict):
    """A stored item. A dictionary: what the database answers needs no second validation."""

    id: int
    name: str
    description: str
    price: float
    in_stock: bool


item_json = TypeAdapter(ItemRead).dump_json
items_json = TypeAdapter(list[ItemRead]).dump_json


def ascii_digits(value: str) -> str:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("Input should be written in digits only")
    return value


Digits = BeforeValidator(ascii_digits)
