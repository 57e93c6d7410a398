"""`pvdctl audit`: is a record what was written, one run in one file, who did what and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import dumps
from pathlib import Path

from pvdctl.cli import screen
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, say
from pvdctl.cli.keys import keys_from
from pvdctl.cli.screen import plain
from pvdctl.clock import RealClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchors import NotAnchored, fetch_anchors
from pvdctl.record.bundle import Bundle, write_bundle
from pvdctl.record.bundle_check import BundleVerdict, check_bundle
from pvdctl.record.eln_check import SUFFIX, check_eln
from pvdctl.record.event import Event, Facts, Recorded, read
from pvdctl.record.host import os_user
from pvdctl.record.log import rows_from
from pvdctl.record.note import ED25519, Checkpoint
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.verify import key_of, verify

HOLDS, FAILS = "[bold blue]HOLDS[/]", "[bold magenta]DOES NOT HOLD[/]"


def verify_path(path: Path | None, anchors: Sequence[str], keys: Sequence[str], json: bool) -> int:
    """Verify a record's directory, a bundle or an .eln file, and say what was found; returns the exit code.

    anchors: files and addresses where checkpoints are kept. keys: public keys from elsewhere. Raises RecordError if
    there is nothing to verify, WrongUsage.
    """
    where = path or default_directory()
    if not where.is_file():
        facts = _record_facts(where, anchors, keys)
    elif where.suffix == SUFFIX:
        facts = _eln_facts(where, anchors, keys)
    else:
        facts = _bundle_facts(where, anchors, keys)
    if json:
        print(dumps(facts, ensure_ascii=False, indent=2))
    else:
        console = screen.console()
        for line in facts["said"]:
            console.print(plain(line), soft_wrap=True)
        for problem in facts["problems"]:
            console.print(f"[bold magenta]![/] {plain(problem)}", soft_wrap=True)
        console.print(HOLDS if facts["good"] else FAILS)
    return DONE if facts["good"] else NOT_PASSED


def _record_facts(directory: Path, places: Sequence[str], given: Sequence[str]) -> Facts:
    with RecordReader.open(directory) as reader:
        key = next((key for key in keys_from(given) if key.kind == ED25519), None)
        origin = key.name if key is not None else key_of(reader).name
        anchors, missing = _anchors(places, origin)
        verdict = verify(reader, anchors, key)
        newest = reader.event_file.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
    said = [
        f"record {origin} in {directory}",
        f"{verdict.events:,} events, {verdict.chunks:,} blocks of samples looked at",
        f"signed up to event {verdict.covered:,} of {newest:,}, "
        + ("with the key you gave" if key is not None else "with the key beside the record, which is believed"),
        f"anchored elsewhere up to event {verdict.anchored:,}"
        if places
        else "no anchor was given: a cut end or an older copy cannot be told (--anchor)",
    ]
    return {
        "record": str(directory),
        "origin": origin,
        "good": verdict.good and not missing,
        "events": verdict.events,
        "newest": newest,
        "blocks": verdict.chunks,
        "covered": verdict.covered,
        "anchored": verdict.anchored,
        "bad_seq": verdict.bad_seq,
        "problems": [*missing, *verdict.problems],
        "said": said,
    }


def _anchors(places: Sequence[str], origin: str) -> tuple[list[Checkpoint], list[str]]:
    """Checkpoints kept elsewhere, and which places know nothing of the record."""
    anchors: list[Checkpoint] = []
    missing = []
    for place in places:
        try:
            anchors += fetch_anchors([place], origin)
        except NotAnchored as error:
            missing.append(str(error))
    return anchors, missing


def _bundle_facts(path: Path, places: Sequence[str], given: Sequence[str]) -> Facts:
    keys = keys_from(given)
    verdict = check_bundle(path, keys)
    anchors, missing = _anchors(places, verdict.origin)
    if anchors:
        verdict = check_bundle(path, keys, anchors)
    return _told(path, verdict, missing, believed=not any(key.name == verdict.origin for key in keys))


def _eln_facts(path: Path, places: Sequence[str], given: Sequence[str]) -> Facts:
    keys = keys_from(given)
    verdict = check_eln(path, keys)
    if places and verdict.bundle is not None:
        anchors, missing = _anchors(places, verdict.bundle.origin)
        verdict = check_eln(path, keys, anchors)
    else:
        missing = ["an anchor was given, but no bundle is enclosed that it could vouch for."] if places else []
    problems = [*missing, *verdict.problems]
    believed = verdict.key not in {str(key) for key in keys}
    enclosed = None
    if verdict.bundle is not None:
        enclosed = _told(Path(f"in {path}"), verdict.bundle, [], believed)
    said = [
        f"{path}: {verdict.files:,} files fit their SHA-256 in the metadata",
        *([f"metadata signed by {verdict.key}, together with: {verdict.comment}"] if verdict.key else []),
        *(enclosed["said"] if enclosed is not None else []),
    ]
    return {
        "eln": str(path),
        "good": not problems,
        "files": verdict.files,
        "signed_by": verdict.key,
        "comment": verdict.comment,
        "bundle": None if enclosed is None else {name: what for name, what in enclosed.items() if name != "said"},
        "problems": problems,
        "said": said,
    }


def _told(path: Path, verdict: BundleVerdict, missing: list[str], believed: bool) -> Facts:
    said = [
        f"bundle {path}, run {verdict.run} of record {verdict.origin}",
        f"{verdict.events:,} events and {verdict.blocks:,} blocks of samples under the checkpoint at event "
        f"{verdict.size:,}",
        f"key {verdict.key} " + ("came with the bundle and is believed" if believed else "is the one you gave"),
        f"fingerprint {verdict.record_sha256}",
        *(f"signature: {signature}" for signature in verdict.signatures),
        *(f"cosigned by {name} at {datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
          for name, unix_s in verdict.seen),
    ]  # fmt: skip
    return {
        "bundle": str(path),
        "origin": verdict.origin,
        "run": verdict.run,
        "good": verdict.good and not missing,
        "events": verdict.events,
        "blocks": verdict.blocks,
        "size": verdict.size,
        "record_sha256": verdict.record_sha256,
        "signatures": list(verdict.signatures),
        "cosigned": [{"witness": name, "unix_s": unix_s} for name, unix_s in verdict.seen],
        "problems": [*missing, *verdict.problems],
        "said": said,
    }


def bundle_run(directory: Path | None, run: str, to: Path | None, witness_keys: Sequence[str], json: bool) -> int:
    """Write the bundle of a run, and say so in the record; returns the exit code. Raises WrongUsage, RecordError.

    A record that takes no event, because it is in use or a copy without its key, can be bundled all the same: then
    it is said that nothing was written down.
    """
    keys = keys_from(witness_keys)
    where = directory or default_directory()
    with RecordReader.open(where) as reader:
        try:
            name = reader.run(run).run
            made = write_bundle(reader, name, to or Path(f"{name}.zip"), keys)
        except OperatorError as error:
            raise WrongUsage(str(error)) from error
    _write_down(where, made)
    if json:
        facts = {"bundle": str(made.path), "run": made.run, "record_sha256": made.record_sha256, "size": made.size,
                 "events": made.events, "blocks": made.blocks, "cosignatures": made.cosigned}  # fmt: skip
        print(dumps(facts, ensure_ascii=False, indent=2))
    else:
        screen.console().print(
            plain(
                f"{made.path}: run {made.run}, {made.events:,} events, {made.blocks:,} blocks of samples, checkpoint "
                f"at event {made.size:,}, cosigned by {made.cosigned or 'nobody'}"
            )
        )
    return DONE


def _write_down(directory: Path, made: Bundle) -> None:
    """The event that a run was handed out, with the file's SHA-256."""
    who, clock = os_user(), RealClock()
    facts = {
        "form": "bundle",
        "run": made.run,
        "record_sha256": made.record_sha256,
        "files": [{"name": made.path.name, "sha256": sha256(made.path.read_bytes()).hexdigest()}],
    }
    text = f"run {made.run} is bundled by {who}"
    try:
        with Record.open(directory, clock) as record:
            record.append([Event("export", made.run, text, actor=who, data=facts, at_s=clock.now_s)])
    except RecordError as error:
        say(f"the bundle is made, but the record does not say so: {error}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events. since, until: UTC date or time, both included; the others exact but for case. None: all."""

    since: str | None
    until: str | None
    run: str | None
    who: str | None
    kind: str | None


def print_log(directory: Path | None, wanted: Filter, json: bool) -> int:
    """List events; returns the exit code. Raises RecordError, WrongUsage."""
    console = None if json else screen.console()
    with RecordReader.open(directory or default_directory()) as reader:
        for event, text in _events(reader, wanted):
            if console is None:
                print(text)
            else:
                why = f" (because {event.why})" if event.why else ""
                words = f"{event.seq} {event.utc[:19].replace('T', ' ')} {event.actor}: {event.kind} {event.subject}: "
                console.print(plain(f"{words}{event.text}{why}"), soft_wrap=True)
    return DONE


def _events(reader: RecordReader, wanted: Filter) -> Iterator[tuple[Recorded, str]]:
    """The events that fit, with their bodies."""
    since = _moment(wanted.since, end_of_day=False)
    until = _moment(wanted.until, end_of_day=True)
    first, last, run = 1, 2**62, ""
    if wanted.run is not None:
        try:
            found = reader.run(wanted.run)
        except OperatorError as error:
            raise WrongUsage(str(error)) from error
        first, run = found.first_seq, found.run
    for _, text in rows_from(reader.event_file, first, last):
        event = read(text)
        at = datetime.fromisoformat(event.utc)
        if (
            (since is None or at >= since)
            and (until is None or at <= until)
            and (not run or run in (event.run, event.subject))
            and (wanted.who is None or event.actor.lower() == wanted.who.lower())
            and (wanted.kind is None or event.kind == wanted.kind.lower())
        ):
            yield event, text


def _moment(text: str | None, *, end_of_day: bool) -> datetime | None:
    """A UTC date or time. Raises WrongUsage."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUsage(f"wanted a UTC date such as 2026-11-22 or 2026-11-22T08:00, found '{text}'") from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at + timedelta(days=1, microseconds=-1) if end_of_day and len(text) == len("2026-11-22") else at
