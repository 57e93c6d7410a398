"""What was acknowledged is there: after kill -9, after a disk that fills, and in the order of the system calls.

kill -9 shows that recovery works, not that anything reached the disk: what was written stays in the kernel's cache. So
the order write, sync, acknowledge is looked at as well, in the system calls themselves.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record

APPENDING = """
import os, sys
from pathlib import Path
from pvdctl.clock import VirtualClock, cpu_wall_s
from pvdctl.errors import RecordError
from pvdctl.record.record import Record
from tests.record.made import begin, note
record = Record.open(Path(sys.argv[1]), VirtualClock())
print(begin(record), flush=True)
for number in range(int(sys.argv[2])):
    record.sample(number * 0.1, (number * 0.5, 0.0, 6))
    try:
        record.append([note(number)])
    except RecordError as error:
        print("refused", error, flush=True)
        break
    os.write(1, b"acknowledged %d\\n" % number)
"""

ROOT = Path(__file__).parents[2]


def child(directory: Path, count: int, *, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-c", APPENDING, str(directory), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("after", [1, 7, 60, 200])
def test_no_acknowledged_event_is_lost_by_kill_9(tmp_path: Path, after: int) -> None:
    with child(tmp_path, 1_000_000) as writer:
        assert writer.stdout is not None
        run = writer.stdout.readline().strip()
        lines = [writer.stdout.readline() for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    acknowledged = [int(number) for line in lines for number in re.findall(r"acknowledged (\d+)\n", line)]
    assert len(acknowledged) >= after, "nothing was proved: the writer acknowledged too little"
    assert acknowledged == list(range(len(acknowledged)))
    with RecordReader.open(tmp_path) as reader:  # as it lies there, before anybody mends it
        kept = [event.new for event in reader.events(run, ("note",))]
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) <= len(acknowledged) + 1
    with Record.open(tmp_path, VirtualClock()) as record:
        assert record.interrupted == (run,)
        assert record.verify().good
        assert [event.new for event in record._reader.events(run, ("note",))] == kept


def test_a_file_that_cannot_grow_is_final_and_told(tmp_path: Path) -> None:
    """The disk refuses in the middle of a commit, below SQLite: a limit on the size of files."""
    limit = ("bash", "-c", 'ulimit -f 200; exec "$@"', "limited")
    with child(tmp_path, 100_000, before=limit) as writer:
        out, err = writer.communicate(timeout=60)
    acknowledged = len(re.findall(r"acknowledged \d+\n", out))
    assert acknowledged > 10, err
    assert re.search(r"refused event log .* cannot be written: .*(SQLITE_IOERR|SQLITE_FULL)", out), out[-500:] + err
    with Record.open(tmp_path, VirtualClock()) as record:
        (run,) = record.interrupted
        assert len(record._reader.events(run, ("note",))) == acknowledged
        assert record.verify().good


def traced(tmp_path: Path, count: int) -> list[str]:
    """The writing and syncing system calls of a writer, in order, with paths; skips if nobody may look."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: it shows the order of the system calls")
    trace = tmp_path / "trace"
    before = (strace, "-f", "-y", "-s", "4200", "-o", str(trace), "-e", "trace=pwrite64,write,fsync,fdatasync")
    with child(tmp_path / "record", count, before=before) as writer:
        out, err = writer.communicate(timeout=60)
    if not trace.is_file() or "ptrace" in err:
        pytest.skip(f"strace may not look at programs here: {err.strip()[:200]}")
    assert out.count("acknowledged") == count
    return trace.read_text().splitlines()


def test_write_then_sync_then_acknowledge(tmp_path: Path) -> None:
    """Before each acknowledgement the log's newest bytes were written, and after that write the file was synced."""
    written = synced = acknowledged = 0
    for line in traced(tmp_path, 25):
        if "pwrite64" in line and "audit.db-wal" in line:
            written += 1
            synced = 0
        elif ("fdatasync" in line or "fsync" in line) and "audit.db-wal" in line:
            assert line.rstrip().endswith("= 0"), line
            synced += 1
        elif "acknowledged" in line:
            assert written > 0, "acknowledged before anything was written"
            assert synced > 0, "acknowledged before the sync"
            acknowledged += 1
            written = 0
    assert acknowledged == 25


def test_samples_are_on_the_disk_before_the_log_vouches_for_them(tmp_path: Path) -> None:
    lines = traced(tmp_path, 610)  # at 10 Hz one block, and ten rows more
    vouched = next(number for number, line in enumerate(lines) if "audit.db-wal" in line and "sample_chunk" in line)
    samples = [line for line in lines[:vouched] if "samples.db-wal" in line]
    assert sum("pwrite64" in line for line in samples) > 3
    assert "sync(" in samples[-1], "the log vouches for samples that a loss of power can take back"
