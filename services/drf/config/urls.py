"""All routes. The API's come first: Django tries them in order."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from config.views import PingView, ReadyView
from items.urls import urlpatterns as item_routes

urlpatterns: list[URLPattern | URLResolver] = [
    *item_routes,
    path("ping", PingView.as_view()),
    path("readyz", ReadyView.as_view()),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]

handler400 = "config.api.problems.bad_request"
handler403 = "config.api.problems.forbidden"
handler404 = "config.api.problems.not_found"
handler500 = "config.api.problems.server_error"
