"""The record of a chamber: what was done to it and by it, and what was measured meanwhile.

A directory with two SQLite files, `audit.db` (events, each commit on the disk when `append` returns) and `samples.db`.
One directory holds many runs, one after the other. Readers use `pvdctl.record.reader`.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pvdctl
from pvdctl.clock import Clock, cpu_wall_s
from pvdctl.errors import Bug, OperatorError, RecordError
from pvdctl.record.clock_watch import ClockWatch
from pvdctl.record.database import journal_for, sqlite_version
from pvdctl.record.event import PLACE_FIELDS, WALL_CLOCK_FIELDS, Event, Facts
from pvdctl.record.interrupted import closing_event
from pvdctl.record.keys import record_id_of, record_key
from pvdctl.record.log import EventLog, Stamp
from pvdctl.record.opening import about_the_machine, what_went_before
from pvdctl.record.place import new_run_id
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.run_events import Meaning, must_be_columns, must_be_the_text, signature_event
from pvdctl.record.samples import Sampler, SampleStore
from pvdctl.record.verify import Verdict, run_sha256, verify
from pvdctl.record.writer_lock import WriterLock, become_writer

_BY_THE_RECORD = "system:record"


class Record:
    """The writer of a record directory; there can be one at a time.

    sample: one row of samples, the hot path (bound to the sample store's own `add`).
    interrupted: ids of runs that an earlier program left unclosed and that were closed at this opening.
    slowest_commit_s: wall seconds of the slowest durable commit so far, for whoever watches the disk.
    """

    def __init__(
        self, directory: Path, clock: Clock, lock: WriterLock, journal: str, wall_s: Callable[[], float]
    ) -> None:
        """Called by `open`."""
        self.directory = directory
        self.clock = clock
        self.run = ""
        self._recipe = ""
        self.interrupted: tuple[str, ...] = ()
        self.slowest_commit_s = 0.0
        self._lock = lock
        self._wall_s = wall_s
        self._log = EventLog(directory, journal, wall_s)
        try:
            self._samples = SampleStore(directory, journal, wall_s, self._vouch)
        except RecordError:
            self._log.close()
            raise
        self._reader = RecordReader(self._log.connection, self._samples.connection, directory)
        self._watch = ClockWatch(clock)
        self.sample: Sampler = self._samples.add

    @classmethod
    def open(
        cls,
        directory: Path,
        clock: Clock,
        *,
        versions: Mapping[str, str] | None = None,
        wall_s: Callable[[], float] = cpu_wall_s,
    ) -> "Record":
        """Open a record directory for writing, or make one with a key of its own.

        Settings are read back, the log is checked, runs left open by a crash are closed as interrupted, and the
        opening itself is an event. versions: of further software, for that event. wall_s: wall seconds from any zero,
        which decide when samples go to the disk. Raises RecordError if any of it fails.
        """
        version = sqlite_version()
        lock = become_writer(directory)
        journal = journal_for(version, lock.alone)
        try:
            record = cls(directory, clock, lock, journal, wall_s)
        except RecordError:
            lock.release()
            raise
        try:
            record._boot(journal, versions or {})
        except RecordError:
            record._release()
            raise
        return record

    # -- writing -------------------------------------------------------------------------------------------------

    @property
    def failed(self) -> str:
        """Empty, or the sentence why nothing new may be started: events or samples cannot be written."""
        return self._log.failed or self._samples.failed

    def append(self, events: Sequence[Event]) -> None:
        """Write events in one commit, on the disk when this returns. From any thread.

        Raises RecordError if that failed; the log then takes nothing more until pvdctl is restarted.
        """
        self._append(events, Stamp(self._utc(), self.run))

    def settled(self) -> bool:
        """Whether all events are on the disk: always, because `append` returns only then."""
        return True

    def _append_one(self, event: Event) -> None:
        self.append((event,))

    def _vouch(self, event: Event) -> None:
        """Take the event of a block of samples: with the next commit, or now if the last one still waits."""
        if self._log.later(event):
            self.append(())
        else:
            self.keep()

    def keep(self) -> None:
        """To be called now and then while nothing happens: signs what has waited a minute for a checkpoint."""
        if self._log.checkpoint_late:
            self.append(())

    def _append(self, events: Sequence[Event], stamp: Stamp) -> None:
        began_s = self._wall_s()
        self._log.append(events, stamp)
        took_s = self._wall_s() - began_s
        self.slowest_commit_s = max(self.slowest_commit_s, took_s)

    def _utc(self) -> str:
        return iso(self._calendar())

    def _calendar(self) -> datetime:
        """Calendar time; a jump since it was last asked is an event of its own, with the next commit."""
        utc = self.clock.utc()
        jump = self._watch.look(utc)
        if jump is not None:
            self._log.later(jump)
        return utc

    def begin_run(
        self,
        *,
        recipe_name: str,
        recipe_version: str,
        recipe_text: str,
        recipe_sha256: str,
        chamber_name: str,
        chamber_text: str,
        chamber_sha256: str,
        seed: int | None,
        simulated: bool,
        operator: str,
        identities: Mapping[str, str],
        columns: Sequence[tuple[str, str]],
        sample_id: str = "",
        note: str = "",
    ) -> str:
        """Open a run and return its id, which is unique in the directory.

        identities: what each instrument says it is. columns: name and unit of each number in a row of samples, without
        `at_s`. Raises Bug if a run is open, two columns have one name, or a text does not fit its SHA-256; RecordError
        if it cannot be written.
        """
        if self.run:
            raise Bug(f"run {self.run} is still open: end it before the next begins")
        names = must_be_columns(columns)
        must_be_the_text("recipe", recipe_text, recipe_sha256)
        must_be_the_text("chamber", chamber_text, chamber_sha256)
        utc = self._calendar()
        day = f"{utc:%Y%m%d}"
        taken = [run.run for run in self._reader.runs()]
        run = new_run_id(utc, recipe_name, taken, sum(name.startswith(day) for name in taken))
        facts: Facts = {
            "recipe": {"name": recipe_name, "version": recipe_version, "sha256": recipe_sha256, "text": recipe_text},
            "chamber": {"name": chamber_name, "sha256": chamber_sha256, "text": chamber_text},
            "versions": {"pvdctl": pvdctl.__version__, "python": platform.python_version()},
            "seed": seed,
            "simulated": simulated,
            "operator": operator,
            "sample_id": sample_id,
            "note": note,
            "clock": self._watch.state(),
            "identities": dict(identities),
            "columns": [[name, unit] for name, unit in columns],
        }
        marked = "SIMULATED run" if simulated else "run"
        text = f"{marked} of recipe {recipe_name} {recipe_version} in chamber {chamber_name} begins"
        event = Event("run_start", recipe_name, text, actor=operator, data=facts, at_s=self.clock.now_s)
        self._append((event,), Stamp(iso(utc), run))
        self.run = run
        self._recipe = recipe_name
        self._samples.begin(run, names)
        return run

    def end_run(self, end_state: str, end_reason: str, result: Facts) -> None:
        """Close the open run: the rest of its samples, then its last event. `result` is what `show` and `--json` tell.

        Figures in WALL_CLOCK_FIELDS go into the stamp, those in PLACE_FIELDS nowhere, so that the same seed gives the
        same fingerprint. Raises Bug if no run is open, RecordError if it cannot be written.
        """
        if not self.run:
            raise Bug("no run is open, so none can end")
        if not self._samples.failed:
            self._samples.end()
        outside = (*WALL_CLOCK_FIELDS, *PLACE_FIELDS)
        facts = {
            "end_state": end_state,
            "end_reason": end_reason,
            "result": {key: value for key, value in result.items() if key not in outside},
        }
        wall = {key: value for key, value in result.items() if key in WALL_CLOCK_FIELDS}
        text = f"run ends {end_state}" + (f": {end_reason}" if end_reason else "")
        event = Event("run_end", self._recipe, text, data=facts, at_s=self.clock.now_s)
        self._append((event,), Stamp(self._utc(), self.run, wall))
        self.run = ""

    def sign(self, run_id: str, meaning: Meaning, reason: str, actor: str) -> str:
        """Put a signature under a run that has ended; returns the fingerprint that was signed.

        Reviewed, approved or rejected, by whom and why: an event that names the run's fingerprint and its place in the
        log, so it fits no other run and no other version of this one. Raises OperatorError if there is no such run or
        no reason, RecordError if the run has not ended, its samples were changed, or it cannot be written.
        """
        if not reason.strip():
            raise OperatorError("a signature needs a reason: say what was looked at, or why the run is rejected.")
        run = self._reader.run(run_id)
        sha256 = run_sha256(self._reader, run.run)
        event = signature_event(run, meaning, sha256, reason, actor, self.clock.now_s)
        self._append((event,), Stamp(self._utc()))
        return sha256

    # -- checking ------------------------------------------------------------------------------------------------

    def run_sha256(self, run_id: str) -> str:
        """The fingerprint of a run that has ended: the same seed gives the same. See `verify.run_sha256`."""
        return run_sha256(self._reader, run_id)

    def verify(self) -> Verdict:
        """Check the whole record. See `verify.verify`."""
        return verify(self._reader)

    # -- opening and closing -------------------------------------------------------------------------------------

    def _boot(self, journal: str, versions: Mapping[str, str]) -> None:
        """Check what is there, say that a program begins to write, close what an earlier one left open."""
        before = what_went_before(self._log.connection, self._samples.connection, self.directory)
        self._log.signer = key = record_key(self.directory, self._reader.record_id() or "")
        before.check(key.public)
        facts: Facts = {
            **about_the_machine(self.directory, journal, versions),
            "clock": self._watch.state(),
            "key": str(key.public),
            "previous": {"seq": self._log.seq, "root": self._log.tree.root().hex(), "in_order": before.in_order},
        }
        if before.seq == 0:
            facts["record_id"] = record_id_of(key.public)  # tells two records apart, should files be exchanged
        after = "" if before.in_order else "; the program before ended without a word"
        text = f"pvdctl {pvdctl.__version__} opens the record{after}"
        self._append_one(Event("boot", "record", text, actor=_BY_THE_RECORD, data=facts, at_s=self.clock.now_s))
        self._log.boot = self._log.seq
        if not before.in_order:
            self.interrupted = tuple(
                self._close_interrupted(run) for run in self._reader.runs() if run.last_seq is None
            )

    def _close_interrupted(self, run: Run) -> str:
        """Give a run without an end its last samples and its closing event."""
        stamp = Stamp(self._utc(), run.run)
        self.run = run.run  # chunk events of the rescued samples belong to it
        vouched = {event.data["number"] for event in self._reader.events(run.run, ("sample_chunk",)) if event.data}
        for event in self._samples.unvouched(run.run, vouched):
            self._append((event,), stamp)
        self._samples.recover(run.run, [name for name, _ in run.columns[1:]])
        self._append((closing_event(self._reader, run),), stamp)
        self.run = ""
        return run.run

    def close(self) -> None:
        """Say so and close both files. A run left open will be closed as interrupted at the next opening."""
        try:
            if not self.failed and not self.run:
                text = "pvdctl closes the record"
                self._append_one(Event("shutdown", "record", text, actor=_BY_THE_RECORD, at_s=self.clock.now_s))
            elif not self.failed:
                self._log.append((), Stamp(self._utc(), self.run), sealed=True)
        finally:
            self._release()

    def _release(self) -> None:
        try:
            self._samples.close()
        finally:
            try:
                self._log.close()
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def iso(utc: datetime) -> str:
    """Calendar time as the stamps write it: ISO 8601, milliseconds, offset."""
    return utc.isoformat(timespec="milliseconds")
