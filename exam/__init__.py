"""Blueprints, papers, attempts, scoring, marking, results."""
