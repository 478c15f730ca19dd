"""Find Chromium for the browser tests: an installed one or, as root on Debian, the distribution's."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of an installed Chromium."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> int:
    """Install Chromium where that is possible; say in one line when browser tests will be skipped."""
    if find():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("· installing Chromium for the browser tests")
        quiet = subprocess.DEVNULL
        subprocess.run(["apt-get", "update", "-q"], check=False, stdout=quiet, stderr=quiet)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-noto-cjk"], check=False, stdout=quiet, stderr=quiet)
    if find():
        return 0
    print("· no Chromium found: browser tests are skipped (install one, or run as root on Debian)")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
