"""Exit codes, and how an error is told: plain sentences on stderr, never a traceback.

0   done as asked
1   the recipe or the process did not pass (findings of the check; Held, Stopped, Aborted)
2   wrong usage: an unknown option, a file, run or record that is not there, a fault that does not exist
70  pvdctl itself failed (EX_SOFTWARE of BSD sysexits.h), so that nobody takes a bug for a bad recipe
"""

import os
import sys
import tempfile
import traceback
from pathlib import Path

from pvdctl.errors import Bug, OperatorError, PvdctlError, RecordError

DONE = 0
NOT_PASSED = 1
WRONG_USAGE = 2
BUG = 70


class WrongUsage(OperatorError):
    """The command cannot be carried out as it was given: nothing was begun."""


def must_be_readable(path: Path, what: str) -> None:
    """Raise WrongUsage unless `path` is a file that can be read. what: `recipe`, `chamber file`."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise WrongUsage(f"{what} {path} cannot be read: {error.strerror or error}. Is the name right?") from error


def say(text: str) -> None:
    """One line on stderr, or several; a reader that has gone away is no reason to fail."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:  # a pipe without a reader (EPIPE), a terminal that was closed (EIO)
        silence(sys.stderr.fileno())


def silence(descriptor: int) -> None:
    """Let what still comes for a reader that has gone away vanish, also at the interpreter's end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def tell(error: Exception) -> int:
    """Say what is wrong on stderr; returns the exit code that goes with it."""
    from pvdctl.chamber.problems import BadFile

    if isinstance(error, PvdctlError) and not isinstance(error, Bug):
        # A bad file's lines begin with `file:line:column:`, as editors and CI like them.
        say(str(error) if isinstance(error, BadFile) else f"pvdctl: {error}")
        return WRONG_USAGE if isinstance(error, WrongUsage | RecordError) else NOT_PASSED
    what = str(error) if isinstance(error, Bug) else f"{type(error).__name__}: {error}"
    say(f"pvdctl: this is a bug in pvdctl, not in your recipe or chamber: {what}\n{_keep(error)}")
    return BUG


def _keep(error: Exception) -> str:
    """Put the traceback where it can be sent from; says where."""
    text = "".join(traceback.format_exception(error))
    try:
        descriptor, name = tempfile.mkstemp(prefix="pvdctl-bug-", suffix=".txt", text=True)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"pvdctl {' '.join(sys.argv[1:])}\n\n{text}")
    except OSError:
        return f"Please report it with these lines:\n{text}"
    return f"Please report it with the file {name}."
