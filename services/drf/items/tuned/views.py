from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from config.health import readiness
from config.tuned.views import APIView, GenericViewSet

from ..models import Item
from .pagination import ItemPagination
from .serializers import ItemSerializer

MAX_ID = 2**63 - 1


def item_id(digits: str) -> int:
    """The id, or 404 when it is beyond the column's range."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > 19 or (number := int(digits)) > MAX_ID:
        raise Http404
    return number


class ItemViewSet(GenericViewSet):
    """Items. Each action is one statement.

    Rows come as dicts: with the serializer's fields in its order, and in JSON's own types, they
    are what the serializer would make of an instance, at a third of the cost.
    """

    queryset = Item.objects.values(*ItemSerializer.Meta.fields)
    serializer_class = ItemSerializer
    pagination_class = ItemPagination
    lookup_value_regex = "[0-9]+"

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset().order_by("id"))
        return self.get_paginated_response(page)

    def create(self, request: Request) -> Response:
        data = self.get_valid_data()
        item = Item.objects.create(**data)
        return Response({"id": item.pk, **data}, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        try:
            return Response(self.get_queryset().get(pk=item_id(pk)))
        except Item.DoesNotExist:
            raise Http404 from None

    def update(self, request: Request, pk: str) -> Response:
        data = self.get_valid_data()
        number = item_id(pk)
        # One UPDATE instead of a fetch and a save: an item that is gone meanwhile stays gone.
        if not Item.objects.filter(pk=number).update(**data):
            raise Http404
        return Response({"id": number, **data})

    def destroy(self, request: Request, pk: str) -> Response:
        # Deleting an unfetched instance is one DELETE; queryset.delete() adds a transaction.
        deleted, _ = Item(pk=item_id(pk)).delete()
        if not deleted:
            raise Http404
        return Response(status=204)

    def get_valid_data(self) -> dict[str, Any]:
        """The item in the request, or a 422."""
        serializer = self.get_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


class EchoView(APIView):
    """Validates an item and gives it back, without the database."""

    def post(self, request: Request) -> Response:
        serializer = ItemSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data)


class PingView(APIView):
    """Answers without the database."""

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(APIView):
    """Answers once the database has answered."""

    def get(self, request: Request) -> Response:
        return Response(readiness())
