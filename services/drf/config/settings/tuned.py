"""The service as an expert makes it faster, and as strict as the contract can be."""

from .base import *  # noqa: F403

WSGI_APPLICATION = "config.tuned.wsgi.application"
API_URLCONF = "items.tuned.urls"

# The API needs the first: it checks the host name and sets Content-Length. The rest is for the
# admin, and lets other requests pass.
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.tuned.middleware.AdminSecurityMiddleware",
    "config.tuned.middleware.AdminSessionMiddleware",
    "config.tuned.middleware.AdminAuthenticationMiddleware",
    "config.tuned.middleware.AdminMessageMiddleware",
    "config.tuned.middleware.AdminFrameOptionsMiddleware",
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["config.tuned.json.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.tuned.json.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.tuned.negotiation.JSONNegotiation",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "config.problems.exception_handler",
    "NON_FIELD_ERRORS_KEY": "body",
}
