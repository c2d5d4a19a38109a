"""What clients may send. Types are strict: marshmallow's own fields would convert."""

from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, fields

from inventory.tuned.protocol import MAX_BIGINT, to_number

MAX_PRICE = 1e9


class Text(fields.Field[str]):
    """A string that PostgreSQL can store, kept exactly as sent."""

    default_error_messages: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "invalid": "Not a valid string.",
        "length": "Length must be between {low} and {high}.",
        "characters": "Must not contain NUL or lone surrogates.",
    }

    def __init__(self, *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low = low
        self.high = high

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if not self.low <= len(value) <= self.high:
            raise self.make_error("length", low=self.low, high=self.high)
        if "\0" in value or (not value.isascii() and has_lone_surrogate(value)):
            raise self.make_error("characters")
        return value


class Price(fields.Field[float]):
    default_error_messages: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "invalid": "Not a valid number.",
        "range": "Must be between 0 and {high}.",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if type(value) is not float and type(value) is not int:
            raise self.make_error("invalid")
        if not 0 <= value <= MAX_PRICE:
            raise self.make_error("range", high=int(MAX_PRICE))
        return float(value)


class Flag(fields.Field[bool]):
    default_error_messages: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "invalid": "Not a valid boolean.",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value is not True and value is not False:
            raise self.make_error("invalid")
        return value


class Count(fields.Field[int]):
    """A number in a query string: ASCII digits and nothing else."""

    default_error_messages: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "invalid": "Must be a whole number from {low} to {high}."
    }

    def __init__(self, *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low = low
        self.high = high

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = value.isascii() and value.isdigit()
        if not digits or not self.low <= (number := to_number(value)) <= self.high:
            raise self.make_error("invalid", low=self.low, high=self.high)
        return number


class ItemSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    name = Text(low=1, high=100, required=True)
    description = Text(low=0, high=1000, load_default="")
    price = Price(required=True)
    in_stock = Flag(load_default=True)


class PageSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    limit = Count(low=1, high=1000, load_default=100)
    offset = Count(low=0, high=MAX_BIGINT, load_default=0)


def has_lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


item_schema = ItemSchema()
page_schema = PageSchema()
