"""Alembic's entry point: runs the migrations, of every target by the same driver."""

from logging.config import fileConfig

from alembic import context
from app.models import Base
from app.standard.database import engine

config = context.config
if config.config_file_name is not None and config.attributes.get("configure_logging", True):
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def run_migrations() -> None:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline migrations are not supported: they need the database.")
run_migrations()
