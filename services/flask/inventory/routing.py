"""URL converters."""

from werkzeug.routing import BaseConverter

MAX_BIGINT = 2**63 - 1


def to_bigint(digits: str) -> int | None:
    """The number in a string of digits, if it fits the database's bigint."""
    # int() refuses more than 4300 digits, so the length is looked at first.
    significant = digits.lstrip("0")
    number = int(significant or 0) if len(significant) <= 19 else MAX_BIGINT + 1
    return number if number <= MAX_BIGINT else None


class ItemIdConverter(BaseConverter):
    """An item's id: ASCII digits only, where Werkzeug's own `int` takes those of any script.

    An id too large for the database is still one, of an item that nobody has.
    """

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        # int() refuses thousands of digits. The first 20 are enough to be beyond any bigint.
        return int(value.lstrip("0")[:20] or 0)
