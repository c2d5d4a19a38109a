"""The usual settings for the views of `make explain`, which are none to learn from."""

from .standard import *  # noqa: F403

API_URLCONF = "items.rungs.urls"
