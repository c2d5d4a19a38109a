"""Two thin layers: what each request needs, and a way round what only the admin needs."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class HostAndLengthMiddleware:
    """What CommonMiddleware does, without its redirects.

    The host name is checked (a foreign one is a 400), and the answer gets its Content-Length:
    without that, the server would send it in chunks.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()
        response = self.get_response(request)
        if not response.streaming and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
        return response


class AdminMiddleware:
    """Runs ADMIN_MIDDLEWARE around the admin and its static files; the API goes past it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.admin = get_response
        for path in reversed(settings.ADMIN_MIDDLEWARE):
            self.admin = import_string(path)(self.admin)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(("/admin/", settings.STATIC_URL)):
            return self.admin(request)
        return self.get_response(request)
