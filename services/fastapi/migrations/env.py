"""Alembic's entry point: runs the migrations on the database of the settings."""

from logging.config import fileConfig

from alembic import context
from app.database import Base
from app.items import models  # noqa: F401  (fills Base.metadata)
from app.settings import settings
from sqlalchemy import create_engine, pool

config = context.config
if config.config_file_name is not None and config.attributes.get("configure_logging", True):
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def run_migrations() -> None:
    engine = create_engine(settings.database_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline migrations are not supported: they need the database.")
run_migrations()
