"""The store layer of the exam engine."""
