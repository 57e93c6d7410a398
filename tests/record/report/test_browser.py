"""The report in a real browser: what is there after it has been laid out, and what it looks like."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pvdctl.errors import OperatorError
from pvdctl.record.report import pdf
from pvdctl.record.report.drawing import BLUE
from pvdctl.record.report.page import page
from tests.record.report import made_runs

BROWSER = pdf.browser()
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium or Chrome here: the report is not rendered (apt-get install chromium)"
)


def run_browser(profile: Path, *wanted: str) -> bytes:
    assert BROWSER is not None
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [BROWSER, "--headless", "--disable-gpu", f"--user-data-dir={profile}", *root, *wanted],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "report.html"
    path.write_text(page(made_runs.dossier()), encoding="utf-8")
    return path


@needs_browser
def test_a_browser_finds_plots_and_verdicts(written: Path, tmp_path: Path) -> None:
    laid_out = run_browser(tmp_path, "--dump-dom", written.as_uri()).decode()
    assert len(re.findall(r"<svg[^>]*role=\"img\"", laid_out)) == 3
    assert laid_out.count('class="good">✓ reached') == 2
    assert laid_out.count('class="good">✓ within ±10 %') == 2
    assert "✓ The record of this run is what was written" in laid_out


@needs_browser
def test_a_browser_draws_the_traces(written: Path, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    run_browser(tmp_path, f"--screenshot={shot}", "--window-size=1000,2400", "--hide-scrollbars", written.as_uri())
    with Image.open(shot) as image:
        seen = np.asarray(image.convert("RGB")).astype(int)
    wanted = np.array([int(BLUE[place : place + 2], 16) for place in (1, 3, 5)])
    of_traces = (np.abs(seen - wanted).max(axis=2) < 24).sum(axis=1)
    assert of_traces.sum() > 1500  # pixels of traces
    assert (of_traces > 0).sum() > 300  # all over the height of the plots


@needs_browser
def test_it_prints_on_a4(written: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    pdf.print_pdf(written, target)
    raw = target.read_bytes()
    assert raw.startswith(b"%PDF-")
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", raw)
    assert len(boxes) >= 4
    assert all((round(float(width)), round(float(height))) == (595, 842) for width, height in boxes)


def test_without_a_browser_it_is_said_what_to_do(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(OperatorError, match="no browser is there to print a PDF"):
        pdf.print_pdf(written, tmp_path / "report.pdf")


def test_a_browser_that_fails_is_told_with_its_last_words(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho starting >&2\necho out of memory >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(broken))
    with pytest.raises(OperatorError, match=r"exit code 3: out of memory.*print it"):
        pdf.print_pdf(written, tmp_path / "report.pdf")
