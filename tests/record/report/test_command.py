"""`pvdctl report` as a command."""

from pathlib import Path

import pytest

from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.cli.report import report_run
from pvdctl.errors import OperatorError, RecordError
from tests.record.report import made_runs


def test_it_is_written_here_under_the_runs_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert report_run(made_runs.record(), "0003", None) == DONE
    run = made_runs.dossier(2).run.run
    assert capsys.readouterr().out == f"{run}.html\n"
    assert (tmp_path / f"{run}.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_it_changes_nothing_in_the_record(tmp_path: Path) -> None:
    directory = made_runs.copy(tmp_path)
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert report_run(directory, "0001", tmp_path / "page.html") == DONE
    after = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert {name: data for name, data in after.items() if not name.endswith(("-wal", "-shm"))} == {
        name: data for name, data in before.items() if not name.endswith(("-wal", "-shm"))
    }


def test_it_is_opened_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def opens(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", opens)
    assert report_run(made_runs.record(), "0001", tmp_path / "page.html", show=True) == DONE
    assert opened == [(tmp_path / "page.html").as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    with pytest.raises(OperatorError, match=r"no browser could be opened here; the report is .*page\.html"):
        report_run(made_runs.record(), "0001", tmp_path / "page.html", show=True)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="there is no run 'nothing'"):
        report_run(made_runs.record(), "nothing", None)
    with pytest.raises(WrongUsage, match="cannot be written: No such file or directory"):
        report_run(made_runs.record(), "0001", tmp_path / "no" / "where.html")
    with pytest.raises(RecordError, match="no record in"):
        report_run(tmp_path, "last", None)


def test_the_page_is_not_named_as_its_pdf(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"page\.pdf names the page, and the PDF goes beside it: give -o .*page\.html"):
        report_run(made_runs.record(), "0001", tmp_path / "page.pdf", pdf=True)
    assert not list(tmp_path.iterdir())
