"""Items, versions, review, statistics."""
