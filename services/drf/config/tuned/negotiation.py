"""Which parser reads a body, and which renderer writes the answer."""

from collections.abc import Sequence

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JSONNegotiation(BaseContentNegotiation):
    """JSON only: `Accept` is ignored, and any other body is refused."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:
        parser = parsers[0]
        if "CONTENT_TYPE" not in request.META:
            # Nothing sent and nothing promised: the parser will say that it is no JSON.
            return None if request.body else parser
        media_type = request.content_type.partition(";")[0].strip().lower()
        return parser if media_type == parser.media_type else None

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
