"""The rulebook of media: pure."""
