"""The domain layer of the exam engine."""
