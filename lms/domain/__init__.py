"""The rulebook of lms: pure."""
