from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .views import EchoView, ItemViewSet, PingView, ReadyView

# Two routers, so that both forms of a path are served, and none by a redirect.
router = SimpleRouter(trailing_slash=False)
router.register("items", ItemViewSet)
slash_router = SimpleRouter()
slash_router.register("items", ItemViewSet)

urlpatterns = [
    path("", include(router.urls)),
    path("", include(slash_router.urls)),
    path("echo", EchoView.as_view()),
    path("ping", PingView.as_view()),
    path("readyz", ReadyView.as_view()),
]
