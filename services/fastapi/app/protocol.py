"""uvicorn's HTTP protocol, with its one answer in plain text replaced.

It also tells the application how it is served: as `request.state.server`, uvicorn's own settings.
"""

import asyncio
from typing import Any, override

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

BODY = orjson.dumps(
    {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid HTTP.",
    }
)
REFUSAL = STATUS_LINE[400] + (
    b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
) % (len(BODY), BODY)


class ProblemProtocol(HttpToolsProtocol):
    """Refuses what is no valid HTTP request as a problem: no exception handler ever sees it."""

    @override
    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "server": config}, _loop)

    @override
    def send_400_response(self, msg: str) -> None:
        self.transport.write(REFUSAL)
        self.transport.close()
