"""What clients send and get."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# PostgreSQL's text holds every character but NUL.
NO_NUL = r"^[^\x00]*$"
MAX_BIGINT = 2**63 - 1


class ItemIn(BaseModel):
    """An item as clients send it, without its id. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True)

    name: str = Field(min_length=1, max_length=100, pattern=NO_NUL)
    description: str = Field(default="", max_length=1000, pattern=NO_NUL)
    price: float = Field(ge=0, le=1e9, allow_inf_nan=False)
    in_stock: bool = True


class ItemOut(BaseModel):
    """An item as it is stored."""

    id: int
    name: str
    description: str
    price: float
    in_stock: bool


def ascii_digits(text: str) -> str:
    """Refuse what int() takes beside digits, such as "+5", "5.0" and "1_0"."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("Input should be written in digits only")
    return text


Digits = BeforeValidator(ascii_digits)
ItemId = Annotated[int, Digits, Path(ge=0, le=MAX_BIGINT)]
Limit = Annotated[int, Digits, Query(ge=1, le=1000)]
Offset = Annotated[int, Digits, Query(ge=0, le=MAX_BIGINT)]
