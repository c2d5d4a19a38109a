"""Apps between the framework alone and the usual app, for `make explain`. None of them is advice.

They differ from `standard` in what is below a handler, and RUNG says what that is: `driver` is
psycopg2 by hand, `core` SQLAlchemy without its ORM, `orm` a session and instances, but answers
written by hand. `/ping` and `/echo` are plain functions here, which FastAPI runs in a thread, as it
does with the handlers of `standard`.
"""
