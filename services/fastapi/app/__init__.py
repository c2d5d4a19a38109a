"""An item inventory behind an HTTP API, on FastAPI, Pydantic and SQLAlchemy.

Three apps share what stands in this folder. `standard` is the usual one, `asynchronous` is the same
with `async def`, `tuned` is made for speed: the same file names, to be read side by side.
"""
