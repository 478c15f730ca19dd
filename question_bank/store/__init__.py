"""Tables and every SQL statement of question_bank."""
