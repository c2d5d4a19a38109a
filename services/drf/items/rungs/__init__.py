"""Views between the framework alone and the usual ones, for `make explain`. None of them is advice.

They differ from `standard` in what is below a view, and RUNG says what that is: `driver` is
psycopg2 by hand, `core` Django's connection with SQL by hand, `orm` querysets and instances, but
answers written by hand. `/echo` answers what the serializer has validated, and no more.
"""
