"""The route table: every row of the contract, in every form it is served."""

from dataclasses import dataclass

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class Resource:
    """One path of the contract and what it answers to a good request."""

    template: str
    paths: tuple[str, ...]  # every form that is served; item 1 stands for any item
    success: dict[str, int]  # status of a good request, by method


RESOURCES = (
    Resource("/items/", ("/items", "/items/"), {"GET": 200, "HEAD": 200, "POST": 201}),
    Resource(
        "/items/{id}",
        ("/items/1", "/items/1/"),
        {"GET": 200, "HEAD": 200, "PUT": 200, "DELETE": 204},
    ),
    Resource("/echo", ("/echo",), {"POST": 200}),
    Resource("/ping", ("/ping",), {"GET": 200, "HEAD": 200}),
    Resource("/readyz", ("/readyz",), {"GET": 200, "HEAD": 200}),
)

ROUTES = [
    (method, path, status)
    for resource in RESOURCES
    for path in resource.paths
    for method, status in resource.success.items()
]

REFUSED = [
    (method, path, set(resource.success))
    for resource in RESOURCES
    for path in resource.paths
    for method in METHODS
    if method not in resource.success
]

# What frameworks answer by themselves, each in its way; only the strict level says how.
LEFT_TO_FRAMEWORKS = {"HEAD", "OPTIONS", "TRACE"}

READABLE = [
    (path, resource)
    for resource in RESOURCES
    if "GET" in resource.success
    for path in resource.paths
]

# Routes that take an item as their body, with the status of success.
WRITES = (("POST", "/items/", 201), ("PUT", "/items/1", 200), ("POST", "/echo", 200))
