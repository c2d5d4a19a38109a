"""`limit` and `offset`, taken strictly."""

import re
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

DIGITS = re.compile(r"0*([0-9]{1,19})", re.ASCII)


class StrictLimitOffsetPagination(BasePagination):
    """A plain array without a count. Numbers are ASCII digits, and never corrected silently."""

    default_limit = 100
    max_limit = 1000
    max_offset = 2**63 - 1

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        limit, offset = self.get_page(request)
        return list(queryset[offset : offset + limit])

    def get_paginated_response(self, data: Any) -> Response:
        return Response(data)

    def get_page(self, request: Request) -> tuple[int, int]:
        if not request.META["QUERY_STRING"]:
            return self.default_limit, 0
        request._request.encoding = "utf-8"  # never what the Content-Type of a GET says
        limit = self.get_number(request, "limit", self.default_limit, 1, self.max_limit)
        offset = self.get_number(request, "offset", 0, 0, self.max_offset)
        errors = {
            name: [f"Must be a whole number from {low} to {high}."]
            for name, number, low, high in [
                ("limit", limit, 1, self.max_limit),
                ("offset", offset, 0, self.max_offset),
            ]
            if number is None
        }
        if limit is None or offset is None:
            raise ValidationError(errors)
        return limit, offset

    def get_number(
        self, request: Request, name: str, default: int, low: int, high: int
    ) -> int | None:
        """The number, or None when it is not one or out of range."""
        text = request.query_params.get(name)
        if text is None:
            return default
        match = DIGITS.fullmatch(text)
        if match is None:
            return None
        number = int(match[1])
        return number if low <= number <= high else None
