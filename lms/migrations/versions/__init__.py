"""Alembic migrations of every package, one line of history."""
