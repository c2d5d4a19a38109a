"""Runs the migrations on the application's own engine."""

from logging.config import fileConfig

from alembic import context
from flask import current_app

assert context.config.config_file_name  # Flask-Migrate always names one
fileConfig(context.config.config_file_name, disable_existing_loggers=False)
db = current_app.extensions["migrate"].db


def run_migrations_offline() -> None:
    """Print the SQL instead of running it: `flask db upgrade --sql`."""
    context.configure(url=db.engine.url, target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
