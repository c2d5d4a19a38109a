"""An inventory of items: a small JSON API on Flask, Flask-SQLAlchemy and marshmallow.

Written twice: `standard` as Flask's documentation teaches it, `tuned` for speed. What is in this
folder itself serves both.
"""
