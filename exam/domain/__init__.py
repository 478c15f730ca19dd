"""The rulebook of exam: pure."""
