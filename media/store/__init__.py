"""Tables and every SQL statement of media."""
