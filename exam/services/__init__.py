"""The services layer of the exam engine."""
