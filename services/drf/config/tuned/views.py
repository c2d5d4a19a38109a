"""The base classes of all API views."""

from functools import cached_property
from io import BytesIO
from typing import Any

from django.http import HttpRequest
from rest_framework import generics, request, views, viewsets
from rest_framework.exceptions import UnsupportedMediaType


class JSONRequest(request.Request):
    """A request whose body is JSON or is refused: there are no forms and no files."""

    @cached_property
    def data(self) -> Any:
        # In this order: a body too large, of another kind, not well-formed.
        body = self._request.body
        parser = self.negotiator.select_parser(self, self.parsers)
        if parser is None:
            raise UnsupportedMediaType(self.content_type)
        return parser.parse(BytesIO(body), self.content_type, self.parser_context)


class APIView(views.APIView):
    """A view without what an API without users, forms and other media types can leave out."""

    # No OPTIONS, PATCH or TRACE.
    http_method_names = ["get", "post", "put", "delete", "head"]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JSONRequest:
        return JSONRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def perform_authentication(self, request: request.Request) -> None:
        """Nobody signs in to the API."""

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None. `Allow` comes with a 405, where it is needed."""
        return {}


class GenericViewSet(viewsets.ViewSetMixin, APIView, generics.GenericAPIView):
    """A set of views on one model, without any action yet."""
