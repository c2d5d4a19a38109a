from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import EchoView, ItemViewSet, PingView, ReadyView


class OptionalSlashRouter(SimpleRouter):
    """Serves each route with and without its last slash, by one pattern."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


router = OptionalSlashRouter()
router.register("items", ItemViewSet)

urlpatterns = [
    *router.urls,
    path("echo", EchoView.as_view()),
    path("ping", PingView.as_view()),
    path("readyz", ReadyView.as_view()),
]
