from django.urls import include, path
from rest_framework.routers import DefaultRouter

from .views import EchoView, ItemViewSet, PingView, ReadyView

# Two routers, so that both forms of a path are served, and none by a redirect.
router = DefaultRouter(trailing_slash=False)
router.register("items", ItemViewSet)
slash_router = DefaultRouter()
slash_router.register("items", ItemViewSet)

urlpatterns = [
    path("", include(router.urls)),
    path("", include(slash_router.urls)),
    path("echo", EchoView.as_view()),
    path("ping", PingView.as_view()),
    path("readyz", ReadyView.as_view()),
]
