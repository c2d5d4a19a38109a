"""Middleware: one thin layer for the API, and Django's own layers for the admin alone."""

from collections.abc import Callable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

HostAndLengthMiddleware = CommonMiddleware
AdminStaticFilesMiddleware = WhiteNoiseMiddleware


class AdminOnly:
    """Lets a middleware work below /admin/ only; other requests pass by."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/admin/"):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class AdminSecurityMiddleware(AdminOnly, SecurityMiddleware):
    """Security headers."""


class AdminSessionMiddleware(AdminOnly, SessionMiddleware):
    """The session of the signed-in user."""


class AdminAuthenticationMiddleware(AdminOnly, AuthenticationMiddleware):
    """The signed-in user."""


class AdminMessageMiddleware(AdminOnly, MessageMiddleware):
    """Messages like "The item was added successfully"."""


class AdminFrameOptionsMiddleware(AdminOnly, XFrameOptionsMiddleware):
    """No foreign page may frame the admin."""
