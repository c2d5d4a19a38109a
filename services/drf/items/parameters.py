"""Numbers in a query, which REST framework's paginators would rather correct than refuse."""

from collections.abc import Mapping

from rest_framework.exceptions import ValidationError


def require_numbers(query: Mapping[str, str], **ranges: tuple[int, int]) -> None:
    """Raises ValidationError when a parameter is no number in ASCII digits, or out of its range."""
    errors = {
        name: [f"Must be a whole number from {low} to {high}."]
        for name, (low, high) in ranges.items()
        if name in query and not is_number_within(query[name], low, high)
    }
    if errors:
        raise ValidationError(errors)


def is_number_within(text: str, low: int, high: int) -> bool:
    # Python turns no text of more than some 4,000 digits into a number.
    return text.isascii() and text.isdigit() and len(text) < 1000 and low <= int(text) <= high
