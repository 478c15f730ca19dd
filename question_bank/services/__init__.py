"""The use cases of question_bank: one function, one transaction."""
