"""What routes ask of a request before they look at its values."""

from fastapi import HTTPException, Request

JSON = "application/json"


async def require_json(request: Request) -> None:
    """415 unless the body is announced as JSON, and 400 when there is none.

    FastAPI alone would take an absent body or one of another type for an invalid value.
    """
    empty = not await request.body()
    media_type = request.headers.get("content-type", JSON if empty else "")
    if media_type.partition(";")[0].strip().lower() != JSON:
        raise HTTPException(415)
    if empty:
        raise HTTPException(400)
