"""The WSGI entry point: `gunicorn` takes `wsgi:app` from here, and so does `flask --app wsgi`."""

from inventory import create_app

app = create_app()
