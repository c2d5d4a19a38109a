"""What every route here shares: its path, its body and its JSON answers."""

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.convertors import StringConvertor, register_url_convertor

from app.dependencies import require_json

MAX_BODY_BYTES = 1_048_576


class DigitsConvertor(StringConvertor):
    """`{item_id:id}`: any run of ASCII digits, also one beyond the database's bigint."""

    regex = "[0-9]+"


register_url_convertor("id", DigitsConvertor())


class JsonRequest(Request):
    """A request whose body is a JSON text of at most 1 MiB, or else an HTTPException."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await self._read_body()
            await require_json(self)
        return self._body

    async def _read_body(self) -> bytes:
        if int(self.headers.get("content-length", 0)) > MAX_BODY_BYTES:
            raise HTTPException(413)
        body = b""
        async for chunk in self.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413)
        return body

    async def json(self) -> Any:
        try:
            return json.loads(await self.body())
        except (ValueError, RecursionError) as error:
            raise HTTPException(400) from error


class Route(APIRoute):
    """An API route with an exact path, whose body, if it takes one, is a JsonRequest."""

    path_end = r"\Z"

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        # Starlette ends its patterns with $, which also matches before a last newline.
        path = self.path_regex.pattern.removesuffix("$").rstrip("/")
        self.path_regex = re.compile(path + self.path_end)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json

    def for_head(self) -> "Route":
        """The same route for HEAD; the server leaves out the body."""
        return type(self)(self.path, self.endpoint, methods=["HEAD"], include_in_schema=False)


class EitherSlashRoute(Route):
    """A route served with and without a slash at the end, neither redirected to the other."""

    path_end = r"/?\Z"


class JsonBytes(Response):
    """JSON that FastAPI passes on as it is, without a second validation."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return to_json(content)
