"""The items: their table, their schemas, their queries and their routes."""
