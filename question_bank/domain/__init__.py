"""The rulebook of question_bank: pure."""
