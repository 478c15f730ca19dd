"""The composition root: knows everyone, known by no one; `flask run` finds it unaided."""

import os

from flask import Flask

from exam.part import part as exam
from lms.kernel import app as kernel
from lms.kernel import cli
from lms.kernel.clock import Clock
from lms.kernel.settings import Settings, SettingsError
from lms.part import part as lms
from media.part import part as media
from question_bank.part import part as question_bank

PARTS = (lms, media, question_bank, exam)


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Build the whole product."""
    try:
        settings = settings or Settings.from_environment(os.environ)
    except SettingsError as missing:
        if not cli.looks_for_commands():
            raise
        return cli.unset_app((command for part in PARTS for command in part.commands), missing)
    kernel.connect(settings)
    return kernel.build_app(settings, PARTS, clock)
