"""A second process that reads a record all the while it is written, as `pvdctl runs`, `pvdctl show` and a plot do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from pvdctl.clock import cpu_wall_s
from pvdctl.record.reader import RecordReader
from pvdctl.record.story import tell

EVERY_S = 1.0
"""Screens ask twice a second at most, people far less; the record is opened anew and read whole each time."""
PATIENCE_S = 30.0
"""For the reader to end; a reading of an hour's record takes some tenths of a second."""


@dataclass(slots=True)
class Readings:
    """What was read. times: how often; rows: samples of the last time; slowest_s: the longest reading."""

    times: int = 0
    rows: int = 0
    slowest_s: float = 0.0


def _read_on(directory: Path, line: Connection) -> None:
    """The process: list the runs, tell the newest one's story, take all its samples, until told to stop."""
    readings = Readings()
    while not line.poll(EVERY_S):
        began_s = cpu_wall_s()
        with RecordReader.open(directory) as reader:
            for run in reader.runs()[-1:]:
                tell(reader, run.run)
                readings.rows = len(reader.samples(run.run)["at_s"])
                readings.times += 1
        readings.slowest_s = max(readings.slowest_s, cpu_wall_s() - began_s)
    line.send(readings)


@contextmanager
def read_all_the_while(directory: Path) -> Iterator[Readings]:
    """Read the record in `directory` from another process; what it read stands in the result after the block.

    Raises RuntimeError if the reader broke off, because then nobody read.
    """
    context = get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=_read_on, args=(directory, far), daemon=True)
    process.start()
    far.close()
    readings = Readings()
    try:
        yield readings
        try:
            near.send("stop")
            if not near.poll(PATIENCE_S):
                raise EOFError
            said: Readings = near.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError("the process that reads the record broke off; its message stands above") from error
        readings.times, readings.rows, readings.slowest_s = said.times, said.rows, said.slowest_s
    finally:
        near.close()
        process.join(PATIENCE_S)
        if process.is_alive():
            process.terminate()
