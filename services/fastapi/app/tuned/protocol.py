"""uvicorn's HTTP protocol, with its one answer in plain text replaced."""

from typing import override

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

BODY = to_json(
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
    def send_400_response(self, msg: str) -> None:
        self.transport.write(REFUSAL)
        self.transport.close()
