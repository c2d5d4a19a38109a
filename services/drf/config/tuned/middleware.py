"""Django's middleware for the admin, which the API's requests pass by.

No CsrfViewMiddleware is among them: the admin protects each of its own views.
"""

from collections.abc import Callable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware


class AdminOnly:
    """Lets a middleware work below /admin/ only."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/admin/"):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class AdminSecurityMiddleware(AdminOnly, SecurityMiddleware):
    """Security headers."""


class AdminSessionMiddleware(AdminOnly, SessionMiddleware):
    """The session of whoever is signed in."""


class AdminAuthenticationMiddleware(AdminOnly, AuthenticationMiddleware):
    """Who is signed in."""


class AdminMessageMiddleware(AdminOnly, MessageMiddleware):
    """Messages like "The item was added successfully"."""


class AdminFrameOptionsMiddleware(AdminOnly, XFrameOptionsMiddleware):
    """No other site may show the admin in a frame."""
