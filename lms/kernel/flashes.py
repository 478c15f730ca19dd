"""What the next page tells of a form or an act that was refused."""

from collections.abc import Generator
from contextlib import contextmanager

from flask import flash

from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import Refusal


@contextmanager
def flash_refusal(category: str = "danger", only: type[Refusal] | tuple[type[Refusal], ...] = Refusal) -> Generator[None]:
    """Flash what is refused within and go on behind it; refusals that are not of `only` pass."""
    try:
        yield
    except only as refusal:
        flash(_(refusal.message), category)


def flash_faults(form: Form) -> None:
    """Flash what is wrong with each field of a form."""
    for field in form:
        for fault in field.errors:
            flash(f"{field.label.text}：{fault}", "danger")
