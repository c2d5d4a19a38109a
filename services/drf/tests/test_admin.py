"""The admin works as a user meets it."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from rest_framework.test import APIClient

from items.models import Item


@pytest.fixture
def browser() -> Client:
    """A browser signed in through the form, with CSRF protection on.

    The password is hashed in no time, as Django's documentation has it for tests: the default
    takes a second for it, on purpose.
    """
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        User.objects.create_superuser("root", password="a long password")
        browser = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
        response = submit(browser, "/admin/login/", username="root", password="a long password")
    assert response.headers["Location"] == "/admin/"
    return browser


def submit(browser: Client, path: str, **form: str):  # type: ignore[no-untyped-def]
    """Load a form and send it back with its token."""
    page = browser.get(path).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    next_page = {"next": "/admin/"} if "login" in path else {}
    return browser.post(path, {**form, **next_page, "csrfmiddlewaretoken": token[1]})


def test_items_are_added_listed_and_deleted(browser: Client) -> None:
    """The admin's own forms add an item, list it and delete it."""
    added = submit(browser, "/admin/items/item/add/", name="Lamp", price="3.5", in_stock="on")
    assert added.headers["Location"] == "/admin/items/item/"
    item = Item.objects.get(name="Lamp", price=3.5, in_stock=True)
    listing = browser.get("/admin/items/item/").content.decode()
    assert "Lamp" in listing
    assert "was added successfully" in listing
    submit(browser, f"/admin/items/item/{item.pk}/delete/", post="yes")
    assert not Item.objects.exists()


def test_a_form_without_its_token_is_refused(browser: Client) -> None:
    """Without the CSRF token a form is 403 and stores nothing."""
    response = browser.post("/admin/items/item/add/", {"name": "x", "price": "1"})
    assert response.status_code == 403
    assert not Item.objects.exists()


def test_strangers_are_sent_to_the_login(client: APIClient) -> None:
    """Nobody sees the admin before signing in."""
    assert client.get("/admin").headers["Location"] == "/admin/"
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"


def test_every_stylesheet_and_script_of_the_admin_is_served(browser: Client) -> None:
    """What a page of the admin asks for is there, without a web server in front."""
    page = browser.get("/admin/items/item/add/").content.decode()
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert files
    for file in files:
        assert browser.get(file).status_code == 200, file
