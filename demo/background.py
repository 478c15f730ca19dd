"""Record the demo's lectures one after the other while the product runs: `python -m demo.background`."""

import os
import sys

from demo import lectures, province
from lms.kernel import installation
from wsgi import create_app


def main() -> int:
    """Record what is not recorded yet, the shortest first."""
    os.nice(10)  # whoever is using the product comes first
    app = create_app()
    settings = app.extensions["settings"]
    for one in lectures.lessons():
        province.record(one.code, settings, installation.read_clock()[0])
        print(one.code, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
