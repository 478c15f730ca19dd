"""Exam day, rehearsed."""
