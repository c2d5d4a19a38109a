"""The item inventory without a framework and without an ORM: an ASGI callable and asyncpg.

It is the floor that the frameworks stand on: what uvicorn, the driver and the work itself cost.
"""
