"""The usual app: plain functions, an ORM session for each request, models in and out."""
