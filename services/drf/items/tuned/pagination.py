from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..parameters import require_numbers


class ItemPagination(BasePagination):
    """Pages are plain arrays, so that nothing asks how many items there are."""

    default_limit = 100
    max_limit = 1000

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        query = request.query_params
        require_numbers(query, limit=(1, self.max_limit), offset=(0, 2**63 - 1))
        limit, offset = int(query.get("limit", self.default_limit)), int(query.get("offset", 0))
        return list(queryset[offset : offset + limit])

    def get_paginated_response(self, data: list[Any]) -> Response:
        return Response(data)
