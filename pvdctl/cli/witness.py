"""`pvdctl witness`: keep checkpoints elsewhere, bring them there, say how much is not there yet."""

import platform
import signal
from collections.abc import Sequence
from json import dumps
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from pvdctl.cli import screen
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, say
from pvdctl.cli.keys import keys_from
from pvdctl.cli.screen import plain
from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import OperatorError
from pvdctl.record.anchoring import anchor, standing
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader
from pvdctl.record.witness import Witness
from pvdctl.record.witness_http import serve

WARN_S, ALARM_S = 300.0, 900.0
"""How long events may wait for a witness before it is said, and before it is an alarm. A choice: a few submissions
missed are a nuisance, a quarter of an hour is somebody's doing."""


def serve_witness(store: Path, trust: Sequence[str], listen: str, name: str | None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code. Raises WrongUsage, RecordError."""
    parts = urlsplit(f"//{listen}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongUsage(f"--listen {listen}: {error}. Wanted HOST:PORT, as 127.0.0.1:8411.") from error
    if not host or port is None:
        raise WrongUsage(f"--listen {listen}: wanted HOST:PORT, as 127.0.0.1:8411.")
    keys = keys_from(trust)
    witness = Witness(store, name or f"witness.{platform.node() or 'unnamed'}", RealClock().utc)
    try:
        witness.trust(keys)
        try:
            server = serve(witness, (host, port), say)
        except OSError as error:
            raise WrongUsage(f"--listen {listen}: {error.strerror or error}. Is another program there?") from error
        watched = witness.trusted()
        print(f"witness {witness.key.public}", flush=True)
        print(f"listens on http://{host}:{server.server_address[1]}, watches {len(watched)} records", flush=True)
        if not watched:
            say("no record is watched yet: give its public key (checkpoint.pub beside the record) with --trust")

        def stop(number: int, frame: FrameType | None) -> None:
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, stop)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("witness stops")
        finally:
            server.server_close()
    finally:
        witness.close()
    return DONE


def submit(directory: Path | None, places: Sequence[str], every_s: float | None) -> int:
    """Bring the newest checkpoint to each place, once or again and again until Ctrl-C; returns the exit code.

    What fails is said and, when repeating, tried again the next time. A record that does not fit what is kept there
    ends it at once: that is an alarm. Raises RecordError if there is no record.
    """
    clock = RealClock()
    told: dict[str, str] = {}
    while True:
        failed = False
        with RecordReader.open(directory or default_directory()) as reader:
            for place in places:
                try:
                    text = f"{place}: checkpoint at event {anchor(reader, place, clock.utc).size:,} is kept"
                except OperatorError as error:
                    failed, text = True, str(error)
                if told.get(place) != text:
                    told[place] = text
                    say(text)
        if every_s is None:
            return NOT_PASSED if failed else DONE
        try:
            sleep_s(every_s)
        except KeyboardInterrupt:
            return NOT_PASSED if failed else DONE


def status(directory: Path | None, json: bool) -> int:
    """Say how far a record is anchored; returns the exit code, 1 beyond ALARM_S. Raises RecordError."""
    now = RealClock().utc()
    with RecordReader.open(directory or default_directory()) as reader:
        found = standing(reader)
    open_s = found.open_s(now)
    late = "alarm" if open_s > ALARM_S else "warning" if open_s > WARN_S else "fine"
    if json:
        facts = {"events": found.events, "signed": found.signed, "anchored": found.anchored,
                 "unwitnessed": found.open_events, "age_s": round(open_s, 1), "state": late}  # fmt: skip
        print(dumps(facts, indent=2))
    else:
        age = f", the oldest for {screen.duration(open_s)}" if found.open_events else ""
        screen.console().print(
            plain(
                f"{found.events:,} events, signed up to {found.signed:,}, kept elsewhere up to {found.anchored:,}; "
                f"unwitnessed: {found.open_events:,}{age} ({late})"
            )
        )
    return NOT_PASSED if late == "alarm" else DONE
