"""`pvdctl report`: a run as one page, to be read and printed."""

import webbrowser
from collections.abc import Sequence
from pathlib import Path

from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.cli.keys import keys_from
from pvdctl.errors import OperatorError
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader


def report_run(
    directory: Path | None,
    run: str,
    target: Path | None,
    *,
    pdf: bool = False,
    show: bool = False,
    witness_keys: Sequence[str] = (),
) -> int:
    """Write the report of a run and say where it is; returns the exit code.

    target: None for `RUN.html` here. pdf: print it too, beside the page. show: open it in the browser.
    witness_keys: public keys with which cosignatures are checked. Raises WrongUsage if there is no such run, a key is
    none or the file cannot be written, RecordError if there is no record, OperatorError
    if what draws or prints is not installed.
    """
    from pvdctl.record.dossier import gather
    from pvdctl.record.report.page import page

    keys = keys_from(witness_keys)
    with RecordReader.open(directory or default_directory()) as reader:
        found = _run_id(reader, run)
        text = page(gather(reader, found, keys))
    path = target if target is not None else Path(f"{found}.html")
    printed = path.with_suffix(".pdf")
    if pdf and printed == path:
        raise WrongUsage(f"-o {path} names the page, and the PDF goes beside it: give -o {path.with_suffix('.html')}")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUsage(
            f"report {path} cannot be written: {error.strerror or error}. Name another with -o."
        ) from error
    print(path)
    if pdf:
        from pvdctl.record.report.pdf import print_pdf

        print_pdf(path, printed)
        print(printed)
    if show and not webbrowser.open(path.resolve().as_uri()):
        raise OperatorError(f"no browser could be opened here; the report is {path}.")
    return DONE


def _run_id(reader: RecordReader, run: str) -> str:
    try:
        return reader.run(run).run
    except OperatorError as error:
        raise WrongUsage(str(error)) from error
