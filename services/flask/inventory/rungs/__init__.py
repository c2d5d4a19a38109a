"""Apps between the framework alone and the usual app, for `make explain`. None of them is advice.

They differ from `standard` in what is below a view, and RUNG says what that is: `driver` is
psycopg2 by hand, `core` SQLAlchemy without its ORM, `orm` a session and instances, but answers
written by hand. `/echo` answers what the schema has loaded, without dumping it.
"""

from flask import Flask

from inventory import errors
from inventory.extensions import db
from inventory.rungs import items, probes
from inventory.standard import refuse_cut_body


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.from_object("inventory.config")
    db.init_app(app)
    app.before_request(refuse_cut_body)
    app.register_blueprint(items.bp)
    app.register_blueprint(probes.bp)
    app.register_blueprint(errors.bp)
    return app
