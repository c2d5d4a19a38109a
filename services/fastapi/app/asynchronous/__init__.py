"""The usual app with `async def`: handlers in the event loop, an AsyncSession on asyncpg."""
