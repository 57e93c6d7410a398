"""`pvdctl backup` and `pvdctl restore-check`: copies of a record that are known to be readable."""

from collections.abc import Sequence
from json import dumps
from pathlib import Path

from pvdctl.cli import screen
from pvdctl.cli.audit import FAILS, HOLDS
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage
from pvdctl.cli.screen import plain
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchors import fetch_anchors
from pvdctl.record.backup import Copy, back_up, behind, read_back
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader
from pvdctl.record.verify import key_of


def back_up_record(directory: Path | None, to: Path, json: bool) -> int:
    """Copy and read back; returns the exit code, 1 if the record does not hold. Raises WrongUsage, RecordError."""
    with RecordReader.open(directory or default_directory()) as reader:
        try:
            copy = back_up(reader, to)
        except OperatorError as error:
            raise WrongUsage(str(error)) from error
    return _tell(copy, f"copied to {to} and read back", [], json)


def check_copy(copied: Path, live: Path | None, places: Sequence[str], json: bool) -> int:
    """Read a copy back; returns the exit code.

    live: the record in use, of which the copy must be an earlier state. places: where checkpoints are kept. Raises
    RecordError if there is no copy.
    """
    problems = []
    said = f"{copied} read back"
    with RecordReader.open(copied) as reader:
        anchors = fetch_anchors(places, key_of(reader).name) if places else []
        seq = reader.event_file.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        if live is not None:
            with RecordReader.open(live) as in_use:
                try:
                    said += f"; the record in use has {behind(reader, in_use):,} events more"
                except RecordError as error:
                    problems.append(str(error))
    copy = read_back(copied, [anchor for anchor in anchors if anchor.size <= seq])  # a copy may be older than they
    return _tell(copy, said, problems, json)


def _tell(copy: Copy, said: str, problems: list[str], json: bool) -> int:
    problems = [*problems, *copy.verdict.problems]
    text = f"{said}: {copy.seq:,} events, {copy.runs:,} runs, {copy.samples:,} rows of samples"
    if json:
        facts = {"copy": str(copy.directory), "events": copy.seq, "runs": copy.runs, "rows": copy.samples,
                 "good": not problems, "problems": problems, "said": text}  # fmt: skip
        print(dumps(facts, ensure_ascii=False, indent=2))
    else:
        console = screen.console()
        console.print(plain(text), soft_wrap=True)
        for problem in problems:
            console.print(f"[bold magenta]![/] {plain(problem)}", soft_wrap=True)
        console.print(FAILS if problems else HOLDS)
    return NOT_PASSED if problems else DONE
