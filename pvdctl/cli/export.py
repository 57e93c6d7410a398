"""`pvdctl export`: a run in a form that other tools open."""

from pathlib import Path

from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.clock import RealClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.event import Event
from pvdctl.record.host import os_user
from pvdctl.record.keys import PRIVATE_FILE, load_key
from pvdctl.record.note import PrivateKey
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader


def export_run(directory: Path | None, run: str, form: str, target: Path | None) -> int:
    """Export a run and say where it is; returns the exit code.

    form: as in `FORMS`. Raises WrongUsage for a form, run or file name that will not do, RecordError if there is no
    record or it does not take the export's event.
    """
    from pvdctl.record.export.export import FORMS, export

    if form not in FORMS:
        known = ", ".join(f"{name} ({one.words})" for name, one in FORMS.items())
        raise WrongUsage(f"there is no form '{form}'. There is: {known}.")
    where = directory or default_directory()
    clock = RealClock()

    def record(event: Event) -> None:
        from pvdctl.record.record import Record

        try:
            with Record.open(where, clock) as opened:
                opened.append((event,))
        except RecordError as error:
            raise RecordError(f"no export was made, because it cannot be recorded: {error}") from error

    with RecordReader.open(where) as reader:
        try:
            found = reader.run(run).run
        except OperatorError as error:
            raise WrongUsage(str(error)) from error
        try:
            files = export(reader, found, form, target, clock, os_user(), record, _key(where))
        except OSError as error:
            place = error.filename or target or Path.cwd()
            raise WrongUsage(f"{place} cannot be written: {error.strerror or error}. Name another with -o.") from error
    for file in files:
        print(file)
    return DONE


def _key(directory: Path) -> PrivateKey | None:
    """The record's key; None for a copy, which has none. Raises RecordError for a key that others can read."""
    path = directory / PRIVATE_FILE
    return load_key(path) if path.exists() else None
