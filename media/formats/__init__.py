"""Parsers and writers of foreign formats."""
