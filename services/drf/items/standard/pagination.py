from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..parameters import require_numbers


class ItemPagination(LimitOffsetPagination):
    """Pages are plain arrays, and a limit or offset out of range is refused, not corrected."""

    default_limit = 100
    max_limit = 1000

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        require_numbers(request.query_params, limit=(1, self.max_limit), offset=(0, 2**63 - 1))
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: list[Any]) -> Response:
        return Response(data)
