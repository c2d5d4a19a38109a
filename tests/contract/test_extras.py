"""What each framework is chosen for, beside the contract."""

import re

import pytest

from .conftest import of_framework
from .openapi import WHOLE
from .service import Service


@pytest.fixture(scope="session", params=of_framework("fastapi"))
def fastapi(request: pytest.FixtureRequest, services_by_name: dict[str, Service]) -> Service:
    """One target of FastAPI."""
    return services_by_name[request.param]


@pytest.fixture(scope="session", params=of_framework("drf"))
def drf(request: pytest.FixtureRequest, services_by_name: dict[str, Service]) -> Service:
    """One target of Django REST Framework."""
    return services_by_name[request.param]


def test_fastapi_has_its_docs(fastapi):
    """/docs is the interactive page, and the description that it shows has the contract's paths."""
    page = fastapi.ask("GET", "/docs")
    assert (page.status, page.media_type) == (200, "text/html")
    found = re.search(r"url: '([^']+)'", page.body.decode())
    assert found
    description = fastapi.ask("GET", found[1])
    assert description.status == 200
    paths = {path.rstrip("/") for path in description.json()["paths"]}
    assert {"/items", "/echo", "/ping", "/readyz"} <= paths
    assert any(re.fullmatch(r"/items/\{\w+\}", path) for path in paths)


def test_docs_need_no_network(fastapi):
    """All that the page loads comes from the service itself."""
    page = fastapi.ask("GET", "/docs").body.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 3
    for path in loaded:
        assert path.startswith("/docs/"), path
        assert fastapi.ask("GET", path).status == 200, path


def test_fastapi_describes_the_problems_of_the_contract(fastapi):
    """Each fault that the contract lists for a route is in its description, as a problem.

    By its status or among all others; and nothing else is there, such as a 422 of another form.
    """
    described = fastapi.ask("GET", "/openapi.json").json()["paths"]
    by_path = {re.sub(r"\{\w+\}", "{}", path).rstrip("/"): item for path, item in described.items()}
    for path, item in WHOLE["paths"].items():
        mine = by_path[re.sub(r"\{\w+\}", "{}", path).rstrip("/")]
        for method in {"get", "post", "put", "delete"} & item.keys():
            wanted = {code for code in item[method]["responses"] if code[0] in "45"}
            answers = mine[method]["responses"]
            faults = answers.keys() - {"200", "201", "204"}
            assert faults <= wanted | {"default"}, (method, path)
            assert "default" in faults or faults == wanted, (method, path)
            for code in faults:
                assert list(answers[code]["content"]) == ["application/problem+json"]


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


BESIDE_EXTRAS = ("/docs/nope", "/administrator/", "/static/nope.css", "/static/../nope")


def test_extras_do_not_loosen_the_contract(strict_service):
    """Beside docs and admin an unknown path is a problem as everywhere."""
    for path in BESIDE_EXTRAS:
        answer = strict_service.ask("GET", path)
        assert answer.status == 404, path
        assert answer.media_type == "application/problem+json", path
