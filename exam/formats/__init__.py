"""Files of the exam engine."""
