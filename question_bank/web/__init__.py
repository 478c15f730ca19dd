"""The pages of question_bank."""
