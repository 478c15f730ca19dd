"""Attempt tokens: what a browser in the exam room carries instead of a cookie."""

from exam.services.payload import AttemptToken
from lms.kernel.security import Signer
from lms.kernel.settings import Settings

_signers: dict[str, Signer] = {}


def mount(settings: Settings) -> None:
    """Take the installation's secret."""
    _signers["attempt"] = Signer(settings.secret_key, "attempt")


def sign(token: AttemptToken) -> str:
    """Return the token as text."""
    return _signers["attempt"].sign(token)


def read(text: str) -> AttemptToken:
    """Return what a token binds; raises TokenRefused."""
    return _signers["attempt"].read(text, AttemptToken)
