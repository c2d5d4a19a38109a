"""The Onecore lab: what does one dedicated core buy you with each framework?

The layers are listed in `pyproject.toml` (import-linter); a module imports only from rows below it.
"""
