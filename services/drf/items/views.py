from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.views import APIView, GenericViewSet

from .models import Item
from .pagination import StrictLimitOffsetPagination
from .serializers import ItemSerializer

MAX_ID = 2**63 - 1


def item_id(digits: str) -> int:
    """The id, or 404 when it is beyond the column's range."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > 19 or (number := int(digits)) > MAX_ID:
        raise Http404
    return number


class ItemViewSet(GenericViewSet):
    """Items. Each action is one statement."""

    queryset = Item.objects.order_by("id")
    serializer_class = ItemSerializer
    pagination_class = StrictLimitOffsetPagination
    lookup_value_regex = "[0-9]+"

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        try:
            item = Item.objects.get(pk=item_id(pk))
        except Item.DoesNotExist:
            raise Http404 from None
        return Response(self.get_serializer(item).data)

    def update(self, request: Request, pk: str) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        number = item_id(pk)
        # One UPDATE instead of a fetch and a save: an item that is gone meanwhile stays gone.
        if not Item.objects.filter(pk=number).update(**serializer.validated_data):
            raise Http404
        return Response({"id": number, **serializer.validated_data})

    def destroy(self, request: Request, pk: str) -> Response:
        # Deleting an unfetched instance is one DELETE; queryset.delete() adds a transaction.
        deleted, _ = Item(pk=item_id(pk)).delete()
        if not deleted:
            raise Http404
        return Response(status=204)


class EchoView(APIView):
    """Validates an item and gives it back, without the database."""

    def post(self, request: Request) -> Response:
        serializer = ItemSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return Response(data)
