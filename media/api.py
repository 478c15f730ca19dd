"""Verbs of media for other packages; whoever calls passes the session of the transaction it is in."""

from media.services.presence import Prompt, register_prompts

__all__ = [
    "Prompt",
    "register_prompts",
]
