"""The demo province in a product of its own, with a first film short enough for a test."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

from playwright.sync_api import BrowserContext

from demo import lectures, narration, province
from demo.cast import PASSWORD
from demo.lectures import Lecture
from demo.stack import ROOT, Stack
from lms.kernel import installation
from lms.kernel.settings import Settings
from wsgi import create_app

FILM_SECONDS = 16


def fill(stack: Stack) -> None:
    """Fill the product as the demo does, in a process of its own; only the first lesson's film is cut to its opening."""
    subprocess.run([sys.executable, "-m", "tests.support.province"], cwd=ROOT, env=stack.environment, check=True, timeout=600)


def main() -> None:
    """Fill the product that the environment names."""
    settings = Settings.from_environment(os.environ)
    create_app(settings)
    with mock.patch.object(lectures, "build", _opening):
        for _sentence in province.fill(settings, installation.read_clock()[0]):
            pass


def _opening(path: Path, folder: Path) -> Lecture:
    """Make the first words of a lecture."""
    whole = lectures.read(path)
    cover = whole.slides[0]
    opening = replace(whole, slides=(replace(cover, narration=cover.narration.split("。")[0] + "。", seconds=FILM_SECONDS),))
    made = lectures.finished(opening, folder)
    folder.mkdir(parents=True, exist_ok=True)
    made.vtt.write_text(narration.webvtt(lectures.encode(opening, made.mp4)), encoding="utf-8")
    return made


def sign_in(context: BrowserContext, account: str) -> None:
    """Sign in as one of the cast does, and agree to the privacy notice where it is asked."""
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("input[name=account]", account)
    page.fill("input[name=password]", PASSWORD)
    page.click("form button[type=submit].button-primary")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    if "/consent" in page.url:
        page.click("main form button[type=submit]")
        page.wait_for_url(lambda url: "/consent" not in url)
    page.close()


if __name__ == "__main__":
    main()
