"""Tells what this service has off its defaults (see tests/conformance/modes)."""

import asyncio
import inspect
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from inside import (
    Settings,
    arguments_of,
    differing,
    engine,
    listeners,
    loaded_modules,
    pydantic_models,
    session,
    sessions_at_work,
    tell,
    uvicorn,
)
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.orm import sessionmaker

NAMES = {"title", "version", "lifespan"}  # what it is called, and what is done when it starts
LISTS = {"routes", "middleware", "exception_handlers"}  # kept under other names, or in other forms


def app_settings(app: FastAPI) -> Settings:
    """The arguments of FastAPI that are not the usual ones, as the app and its router keep them."""
    names = inspect.signature(FastAPI.__init__).parameters.keys() - NAMES - LISTS
    values, defaults = (
        {
            name: getattr(application, name, getattr(application.router, name, None))
            for name in sorted(names)
        }
        | {"middleware": [layer.cls.__name__ for layer in application.user_middleware]}
        | {
            "exception_handlers": [
                getattr(k, "__name__", str(k)) for k in application.exception_handlers
            ]
        }
        for application in (app, FastAPI())
    )
    return differing("fastapi", values, defaults)


def api_routes(app: FastAPI) -> list[APIRoute]:
    """All routes, those of included routers too."""
    routes = [route.original_route for route in iter_route_contexts(app.routes)]
    return [route for route in routes if isinstance(route, APIRoute)]


def routes(app: FastAPI) -> Settings:
    """How routes answer otherwise than by default, and their classes that are not FastAPI's own."""
    found: Settings = {}
    (plain,) = api_routes(FastAPI(routes=[APIRoute("/", lambda: None)]))
    for route in api_routes(app):
        values, usual = (
            {"route_class": type(known).__name__}
            | {name: getattr(option := getattr(known, name), "value", option) for name in ANSWERING}
            for known in (route, plain)
        )
        found |= differing(f"fastapi.{route.name}", values, usual)
    return found


ANSWERING = (
    "response_class",
    "response_model_include",
    "response_model_exclude",
    "response_model_by_alias",
    "response_model_exclude_unset",
    "response_model_exclude_defaults",
    "response_model_exclude_none",
    "strict_content_type",
    "max_body_size",
)


def dependencies(app: FastAPI) -> Settings:
    """Of every dependency of every route, what `Depends` was told beside its function."""
    found: Settings = {}
    below = [dependency for route in api_routes(app) for dependency in route.dependant.dependencies]
    while below:
        dependency = below.pop()
        below += dependency.dependencies
        if dependency.call is not None:
            limit = dependency.concurrency and dependency.concurrency.max_concurrency
            values = {
                "use_cache": dependency.use_cache,
                "scope": dependency.scope,
                "max_concurrency": limit,
            }
            usual = {"use_cache": True, "scope": None, "max_concurrency": None}
            found |= differing(f"fastapi.{dependency.call.__name__}", values, usual)
            found |= session_of(dependency.call)
    return found


def session_of(dependency: Any) -> Settings:
    """What a dependency's session, if it yields one, has off its defaults. Nothing is connected."""
    if inspect.isgeneratorfunction(dependency):
        with contextmanager(dependency)() as one:
            return sessions_at_work(one)
    if inspect.isasyncgenfunction(dependency):
        return asyncio.run(session_of_async(dependency))
    return {}


async def session_of_async(dependency: Any) -> Settings:
    async with asynccontextmanager(dependency)() as one:
        return sessions_at_work(one)


async def threads(app: FastAPI) -> Settings:
    """How many threads plain handlers have, once the app has started."""
    usual = current_default_thread_limiter().total_tokens
    async with app.router.lifespan_context(app):
        running = current_default_thread_limiter().total_tokens
    return differing("anyio", {"total_tokens": running}, {"total_tokens": usual})


def database() -> Settings:
    """Of every engine and every maker of sessions in the loaded modules."""
    found: Settings = {}
    for module, _ in loaded_modules(Path.cwd()):
        for value in vars(module).values():
            if isinstance(value, Engine | AsyncEngine):
                found |= engine(value)
            elif isinstance(value, sessionmaker | async_sessionmaker):
                found |= session(value)
    return found


def main() -> None:
    arguments = arguments_of("uvicorn")
    module, _, name = arguments[0].partition(":")
    app: FastAPI = getattr(import_module(module), name)
    settings = uvicorn(arguments) | app_settings(app) | routes(app)
    settings |= dependencies(app) | asyncio.run(threads(app))
    settings |= database() | listeners(Path.cwd()) | pydantic_models(Path.cwd())
    tell(settings)


main()
