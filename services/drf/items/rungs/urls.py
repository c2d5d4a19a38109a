from django.urls import include, path
from rest_framework.routers import DefaultRouter

from ..standard.views import PingView
from .views import EchoView, ItemViewSet, ReadyView

router = DefaultRouter(trailing_slash=False)
router.register("items", ItemViewSet, basename="item")
slash_router = DefaultRouter()
slash_router.register("items", ItemViewSet, basename="item")

urlpatterns = [
    path("", include(router.urls)),
    path("", include(slash_router.urls)),
    path("echo", EchoView.as_view()),
    path("ping", PingView.as_view()),
    path("readyz", ReadyView.as_view()),
]
