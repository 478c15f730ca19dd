"""The rules of the exam engine."""
