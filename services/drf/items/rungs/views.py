import os
from importlib import import_module
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from config.health import SERVER, VERSIONS

from ..parameters import require_numbers
from ..standard.serializers import ItemSerializer

RUNG = os.environ["RUNG"]
MAX_ID = 2**63 - 1

data = import_module(f"items.rungs.{RUNG}")


def validated(request: Request) -> dict[str, Any]:
    serializer = ItemSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def found(item: dict[str, Any] | None) -> dict[str, Any]:
    if item is None:
        raise Http404
    return item


def storable(pk: str) -> int:
    """The id, or 404 when it is beyond the column's range."""
    digits = pk.lstrip("0") or "0"
    if len(digits) > len(str(MAX_ID)) or int(digits) > MAX_ID:
        raise Http404
    return int(digits)


class ItemViewSet(ViewSet):
    """All that the API does with items, over functions that give and take plain values."""

    lookup_value_regex = "[0-9]+"
    http_method_names = ["get", "head", "post", "put", "delete"]

    def list(self, request: Request) -> Response:
        query = request.query_params
        require_numbers(query, limit=(1, 1000), offset=(0, MAX_ID))
        return Response(data.list_items(int(query.get("limit", 100)), int(query.get("offset", 0))))

    def create(self, request: Request) -> Response:
        return Response(data.create_item(validated(request)), status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(found(data.read_item(storable(pk))))

    def update(self, request: Request, pk: str) -> Response:
        return Response(found(data.update_item(storable(pk), validated(request))))

    def destroy(self, request: Request, pk: str) -> Response:
        if not data.delete_item(storable(pk)):
            raise Http404
        return Response(status=204)


class EchoView(APIView):
    """Validates an item and gives it back, without the database."""

    http_method_names = ["post"]

    def post(self, request: Request) -> Response:
        return Response(validated(request))


class ReadyView(APIView):
    """The first request of an item finds out whether the database answers."""

    http_method_names = ["get", "head"]

    def get(self, request: Request) -> Response:
        in_force = {"driver": "psycopg2", "connection_check": False, "rung": RUNG}
        return Response({"status": "ok", "versions": VERSIONS, "settings": SERVER | in_force})
