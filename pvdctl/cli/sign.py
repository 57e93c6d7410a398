"""`pvdctl sign`: a person puts a name under a run."""

from json import dumps
from pathlib import Path
from typing import cast

from pvdctl.cli import screen
from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.cli.screen import plain
from pvdctl.clock import RealClock
from pvdctl.errors import OperatorError
from pvdctl.record.host import os_user
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.run_events import Meaning


def sign_run(directory: Path | None, run: str, meaning: str, reason: str, json: bool) -> int:
    """Sign as the operating system's user; returns the exit code.

    Raises WrongUsage for a run that is not there or an empty reason, RecordError if the run has not ended or the
    record is in use.
    """
    where = directory or default_directory()
    try:
        with RecordReader.open(where) as reader:  # so that a slip does not open the record for writing
            name = reader.run(run).run
        who = os_user()
        with Record.open(where, RealClock()) as record:
            sha256 = record.sign(name, cast(Meaning, meaning), reason, who)
    except OperatorError as error:
        raise WrongUsage(str(error)) from error
    if json:
        print(
            dumps({"run": name, "meaning": meaning, "by": who, "record_sha256": sha256}, ensure_ascii=False, indent=2)
        )
    else:
        screen.console().print(plain(f"run {name} is {meaning} by {who}; signed fingerprint {sha256}"))
    return DONE
