from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from config.health import readiness

from ..models import Item
from .pagination import ItemPagination
from .serializers import ItemSerializer


class ItemViewSet(ModelViewSet):
    """All that the API does with items; there is no PATCH in it."""

    queryset = Item.objects.order_by("id")
    serializer_class = ItemSerializer
    pagination_class = ItemPagination
    lookup_value_regex = "[0-9]+"
    http_method_names = ["get", "head", "post", "put", "delete"]


class EchoView(APIView):
    """Validates an item and gives it back, without the database."""

    http_method_names = ["post"]

    def post(self, request: Request) -> Response:
        serializer = ItemSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)


class PingView(APIView):
    """Answers without the database."""

    http_method_names = ["get", "head"]

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(APIView):
    """Answers once the database has answered."""

    http_method_names = ["get", "head"]

    def get(self, request: Request) -> Response:
        return Response(readiness())
