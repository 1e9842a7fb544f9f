"""Finds the Chromium that the page's tests drive, and installs Debian's where it may.

`python tests/browser.py` is run by `make test`: it prints the path, or exits 1 with the one command to run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ADVICE = "No Chromium was found. Run: sudo apt-get install --yes chromium   (or set CHROMIUM to the path of one, then run this again)"


def find() -> str | None:
    """The browser named by CHROMIUM, else the first on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Debian's own, where this user may install it."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the page's tests.", file=sys.stderr)
        subprocess.run(["apt-get", "update", "--quiet"], check=False, stdout=sys.stderr)
        subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"], check=False, stdout=sys.stderr)


def main() -> int:
    if not find() and not os.environ.get("CHROMIUM"):
        install()
    found = find()
    print(found or ADVICE, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
