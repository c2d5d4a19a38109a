"""What each framework is chosen for, beside the contract."""

import re

import pytest

from .service import Service


@pytest.fixture
def fastapi(services_by_name: dict[str, Service]) -> Service:
    """The FastAPI service."""
    return wanted(services_by_name, "fastapi")


@pytest.fixture
def drf(services_by_name: dict[str, Service]) -> Service:
    """The Django REST Framework service."""
    return wanted(services_by_name, "drf")


def wanted(services: dict[str, Service], name: str) -> Service:
    """The service of this name; without it there is nothing to test."""
    if name not in services:
        pytest.skip(f"{name} is not running")
    return services[name]


def test_fastapi_has_its_docs(fastapi):
    """/docs is the interactive page, and the description that it loads has the contract's paths."""
    page = fastapi.ask("GET", "/docs")
    assert (page.status, page.media_type) == (200, "text/html")
    assert b"swagger-ui" in page.body
    found = re.search(r"url: '([^']+)'", page.body.decode())
    assert found
    description = fastapi.ask("GET", found[1])
    assert description.status == 200
    paths = {path.rstrip("/") for path in description.json()["paths"]}
    assert {"/items", "/echo", "/ping", "/readyz"} <= paths
    assert any(re.fullmatch(r"/items/\{\w+\}", path) for path in paths)


def test_drf_has_its_admin(drf):
    """/admin/ leads to the log-in page."""
    redirect = drf.ask("GET", "/admin/")
    assert redirect.status == 302
    login = drf.ask("GET", redirect.headers["location"])
    assert (login.status, login.media_type) == (200, "text/html")
    assert b"csrfmiddlewaretoken" in login.body
    assert b'name="password"' in login.body


def test_drf_serves_static_files(drf):
    """The admin's style sheets and scripts are served, with their own media types."""
    login = drf.ask("GET", "/admin/login/").body.decode()
    sheets = re.findall(r'href="(/[^"]+\.css)"', login)
    scripts = re.findall(r'src="(/[^"]+\.js)"', login)
    assert sheets
    assert scripts
    for path, media_type in [*((path, "text/css") for path in sheets),
                             *((path, "text/javascript") for path in scripts)]:  # fmt: skip
        answer = drf.ask("GET", path)
        assert (answer.status, answer.media_type) == (200, media_type), path
        assert answer.body


def test_drf_refuses_a_log_in_with_a_wrong_password(drf):
    """The log-in form works up to the password: session, CSRF and the user table are in place."""
    page = drf.ask("GET", "/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body.decode())
    assert token
    form = f"csrfmiddlewaretoken={token[1]}&username=nobody&password=wrong".encode()
    cookie = page.headers["set-cookie"].partition(";")[0]
    answer = drf.ask(
        "POST", "/admin/login/", form, "application/x-www-form-urlencoded", {"Cookie": cookie}
    )
    assert answer.status == 200
    assert b"errornote" in answer.body


def test_docs_do_not_loosen_the_contract(fastapi, drf):
    """Beside docs and admin an unknown path is a problem as everywhere."""
    for service in (fastapi, drf):
        for path in ("/docs/nope", "/administrator/", "/static/nope.css", "/static/../nope"):
            answer = service.ask("GET", path)
            assert answer.status == 404, path
            assert answer.media_type == "application/problem+json", path
