"""The WSGI application that Gunicorn serves, with what a proxy in front of it would do.

Gunicorn's guide recommends one, and it would hand on a body only when it has the whole of it. None
is here, so a WSGI middleware does it, which Django's guide has a section for:
https://docs.djangoproject.com/en/6.1/howto/deployment/wsgi/#applying-wsgi-middleware
"""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.wsgi import get_wsgi_application

from config.problems import MALFORMED, problem_response

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.standard")

LARGEST_TO_DISCARD = 64 * 1024 * 1024

django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's answer, or the refusal of what Django would fail on."""
    try:
        straighten_headers(environ)
        take_body(environ)
        return django(environ, start_response)
    except BadRequest:
        return refuse(start_response, 400, MALFORMED)
    except RequestDataTooBig:
        return refuse(start_response, 413)


def straighten_headers(environ: dict[str, Any]) -> None:
    """JSON is UTF-8 whatever a header says, and Django fails on a charset that is no text."""
    if "CONTENT_TYPE" in environ and not environ["PATH_INFO"].startswith("/admin/"):
        environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
    if r"\000" in environ.get("HTTP_COOKIE", ""):
        raise BadRequest("A NUL, which the database does not take for a session's key")


def take_body(environ: dict[str, Any]) -> None:
    """Read the body: Django knows no chunks, and takes a body cut short for the whole of it."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    stream = environ["wsgi.input"]
    body = stream.read(limit + 1)
    if len(body) > limit:
        # Its client looks for an answer when all of it has been sent.
        for _ in range(LARGEST_TO_DISCARD // limit):
            if not stream.read(limit):
                break
        raise RequestDataTooBig
    if len(body) < int(environ.get("CONTENT_LENGTH") or 0):
        raise BadRequest("The client has gone away")
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def refuse(
    start_response: Callable[..., Any], status: int, detail: str | None = None
) -> Iterable[bytes]:
    """The answer to a request that never became one of Django's."""
    response = problem_response(status, detail)
    start_response(f"{status} {response.reason_phrase}", [*response.items()])
    return [response.content]
