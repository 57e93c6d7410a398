"""A report as PDF, printed by a browser that is there already: nothing is installed for it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from pvdctl.errors import OperatorError

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
"""They share one way of printing without a window."""

PRINTED_WITHIN_S: Final = 60.0
"""A report takes about two seconds; a browser that takes a minute hangs."""


def browser() -> str | None:
    """Path of the first browser found, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def print_pdf(page: Path, target: Path) -> None:
    """Print the HTML file `page` to `target`. Raises OperatorError if there is no browser or it fails."""
    program = browser()
    if program is None:
        raise OperatorError(
            f"no browser is there to print a PDF (looked for: {', '.join(BROWSERS)}). Install one, or open {page} and "
            "print it."
        )
    with tempfile.TemporaryDirectory(prefix="pvdctl-") as profile:  # its own, so that an open browser is left alone
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={target.resolve()}",
            page.resolve().as_uri(),
        ]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # browsers refuse their sandbox to root; the page runs no script
        try:
            ended = subprocess.run(command, capture_output=True, timeout=PRINTED_WITHIN_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OperatorError(f"{program} did not print {target}: {error}. Open {page} and print it.") from error
    if ended.returncode != 0 or not target.exists():
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise OperatorError(
            f"{program} did not print {target} (exit code {ended.returncode}: {said[-1] if said else 'no word'}). "
            f"Open {page} and print it."
        )
