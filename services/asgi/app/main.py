"""The application: its lifespan, its routes, and the way from a request to its answer."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from app import items, probes
from app.answers import Answer, Problem, problem_answer
from app.database import new_pool
from app.requests import Receive, Request

logger = logging.getLogger("uvicorn.error")

Send = Callable[[dict[str, Any]], Awaitable[None]]
Handlers = dict[str, Callable[[Request], Awaitable[Answer]]]

COLLECTION: Handlers = {"GET": items.list_items, "POST": items.create_item}
ITEM: Handlers = {
    "GET": items.get_item,
    "PUT": items.replace_item,
    "DELETE": items.delete_item,
}
ITEM_PATH = re.compile("/items/([0-9]+)/?")
ROUTES: dict[str, Handlers] = {
    "/items": COLLECTION,
    "/items/": COLLECTION,
    "/echo": {"POST": probes.echo},
    "/ping": {"GET": probes.ping},
    "/readyz": {"GET": probes.readyz},
}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """What uvicorn calls: once for the lifespan, and once for each request."""
    if scope["type"] == "lifespan":
        await live(scope, receive, send)
        return
    status, body, headers = await respond(scope, receive)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Open the pool when the server starts, close it when it stops."""
    await receive()
    async with new_pool() as pool:
        scope["state"]["pool"] = pool
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def respond(scope: dict[str, Any], receive: Receive) -> Answer:
    """The answer to a request, whatever happens."""
    try:
        handlers, digits = find_route(scope["path"])
        handler = handlers.get(scope["method"])
        if handler is None:
            raise Problem(405, allow=", ".join(handlers))
        return await handler(Request(scope, receive, digits))
    except Problem as problem:
        return problem_answer(problem)
    except Exception:
        logger.exception("A request failed.")
        return problem_answer(Problem(500))


def find_route(path: str) -> tuple[Handlers, str]:
    """The handlers of a path by method, and the digits of its id."""
    if path in ROUTES:
        return ROUTES[path], ""
    match = ITEM_PATH.fullmatch(path)
    if match is None:
        raise Problem(404)
    return ITEM, match[1]
