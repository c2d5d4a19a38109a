"""An item inventory behind an HTTP API, on FastAPI, Pydantic and SQLAlchemy."""
