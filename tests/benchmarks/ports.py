"""Over real ports: the monitor's driver on a pty beside bare system calls, LZLN in step, and the beat in real time."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from math import nan
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.real_run import RealRun
from pvdctl.cli.shipped import driver_names
from pvdctl.clock import RealClock
from pvdctl.drivers.inficon_sqc310 import InficonSqc310
from pvdctl.links.serial_link import serial_link
from pvdctl.recipe.load import load_recipe
from tests.benchmarks.reading import read_all_the_while
from tests.benchmarks.row import Row, at_least, at_most, told
from tests.system.ports.served import served
from tests.system.ports.stepped import stepped
from tests.wire import vectors

GROUP = "real ports"
LZLN = Path(__file__).parents[2] / "recipes" / "lzln.yaml"
ROUNDS = 100
TURNS = 150
BEAT_S = 60
"""Seconds on the beat; PVDCTL_BEAT_S=3600 measures the hour that the project promises.

Where others work on the same machine, start it with `chrt -f 10`: real-time priority, as docs/systemd/pvdctl.service
gives the service. Between sessions that Linux schedules as groups (sched_autogroup) `nice` does nothing.
"""
STATM = Path("/proc/self/statm")
"""Linux has it; elsewhere memory is told as nan."""
SETTLED_S = 300.0
"""From here on memory must not grow (a choice): links are up, buffers have their size, the record its first blocks."""


def _answer(master: int, answers: list[bytes]) -> None:
    """The far end, a process of its own: these answers in turn to whatever comes, so that none is like the last."""
    for answer in cycle(answers):
        if not os.read(master, 4096):
            return
        os.write(master, answer)


@contextmanager
def _far_end(answers: list[bytes]) -> Iterator[int]:
    """The near end of a pty with such a process at the other."""
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    process = get_context("fork").Process(target=_answer, args=(master, answers), daemon=True)
    process.start()
    try:
        yield slave
    finally:
        process.terminate()
        process.join()
        os.close(slave)
        os.close(master)


def ports() -> Iterator[Row]:
    """The group's rows."""
    if sys.platform == "win32":
        yield told(GROUP, "not measured", "needs ptys")
        return
    yield from _monitor()
    yield from _in_step()
    yield from _beat()


@contextmanager
def _one_processor() -> Iterator[None]:
    """Both ends of a cable on one processor, so that work is compared and not where the scheduler puts it.

    On two, waking the other one costs 20 to 60 us of the same for whoever asks, and flatters the slower.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _monitor() -> Iterator[Row]:
    """K2 for two sensors: encode, exchange, check, decode; and the same bytes by `os.write` and `os.read`."""
    known = vectors("sqc310")
    request = known["sensors_2"].request
    answers = [answer for name in ("sensors_2", "sensors_2_negative") if (answer := known[name].answer) is not None]
    bare, whole = [], []
    # Two far ends, because the link changes its port's settings.
    with _one_processor(), _far_end(answers) as plain, _far_end(answers) as spoken:
        link = serial_link("monitor", os.ttyname(spoken), 115200, RealClock())
        link.open()
        driver = InficonSqc310("monitor", {})
        poll = next(poll for poll in driver.polls if poll.name == "monitor.sensors")
        for _ in range(TURNS):  # by turns, so that both meet the same neighbours on this machine
            began = time.perf_counter()
            for _ in range(ROUNDS):
                os.write(plain, request)
                os.read(plain, 4096)
            bare.append((time.perf_counter() - began) / ROUNDS)
            began = time.perf_counter()
            for _ in range(ROUNDS):
                poll.do(link)
            whole.append((time.perf_counter() - began) / ROUNDS)
        link.close()
    yield told(GROUP, "os.write and os.read on a pty", f"{1.0 / median(bare):,.0f} /s")
    yield told(GROUP, "SQC-310 driver on the pty", f"{1.0 / median(whole):,.0f} /s")
    # Turn beside turn, because the kernel now and then moves its own share of a pty to the other processor for a
    # second, and then 12.8 us are enough for what takes 17 else.
    ratio = median(its_s / bare_s for its_s, bare_s in zip(whole, bare, strict=True))
    yield at_most(GROUP, "the driver's time beside bare system calls", 1.5, ratio, "×", 2)


def _in_step() -> Iterator[Row]:
    """LZLN over ptys and sockets of another process, time passing as fast as the ports go."""
    with tempfile.TemporaryDirectory() as directory, served(Path(directory), "--speed", "0") as chamber:
        run = stepped(LZLN, chamber.file, chamber.truth_at, Path(directory) / "record")
        began = time.perf_counter()
        state, reason = run.run()
        took_s = time.perf_counter() - began
    if state != "Complete":
        raise RuntimeError(f"LZLN over real ports ended {state}: {reason}")
    yield at_least(GROUP, "LZLN as fast as the ports go", 100, run.now_s / took_s, "× real time")
    yield told(GROUP, "exchanges", f"{sum(w.link.exchanges for w in run.workers) / took_s:,.0f} /s")


def _beat() -> Iterator[Row]:
    """Scans at 10 Hz in real time: the chamber in another process, and a third that reads the record each second."""
    seconds = int(os.environ.get("PVDCTL_BEAT_S", BEAT_S))
    settled_s = min(SETTLED_S, seconds / 3.0)
    resident: list[float] = []  # MB, at the first scan after settled_s and at the end
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as chamber:
        folder = Path(name)
        recipe = folder / "beat.yaml"
        recipe.write_text(
            f'recipe: beat\nversion: "1"\ntitle: the beat\nsteps: [{{do: wait, name: beat, duration: {seconds} s}}]\n'
        )

        def on_scan(run: RealRun) -> None:
            if not resident and run.now_s >= settled_s:
                resident.append(resident_mb())

        run = RealRun(
            load_recipe(recipe),
            load_chamber(chamber.file, driver_names()),
            directory=folder / "record",
            operator="bench",
            on_scan=on_scan,
        )
        with read_all_the_while(folder / "record") as readings:
            result = run.run()
            resident.append(resident_mb())
    if result["end_state"] != "Complete":
        raise RuntimeError(f"the beat ended {result['end_state']}: {result['end_reason']}")
    timing = result["timing"]
    grown = 100.0 * (resident[1] / resident[0] - 1.0)
    yield at_most(GROUP, f"scan start after its due time, p99 of {seconds} s", 5.0, timing["late_p99_ms"], "ms", 2)
    yield told(GROUP, "scheduled with", _priority())
    yield told(GROUP, "latest start", f"{timing['late_worst_ms']:.2f} ms")
    yield told(GROUP, "longest scan", f"{timing['longest_ms']:.2f} ms")
    yield at_most(GROUP, f"scans lost of {timing['scans']:,}", 0, timing["lost"], "")
    yield told(GROUP, "slowest commit", f"{timing['slowest_commit_ms']:.1f} ms")
    yield at_most(GROUP, f"memory grown since the first {settled_s:.0f} s", 5.0, grown, "%", 2)
    yield told(GROUP, "memory at the end", f"{resident[1]:.1f} MB")
    yield told(GROUP, "the record read whole meanwhile", f"{readings.times:,} times")
    yield told(GROUP, "slowest reading", f"{readings.slowest_s:.2f} s of {readings.rows:,} samples")


def _priority() -> str:
    """How the system schedules this process and those it started."""
    if not hasattr(os, "sched_getscheduler"):
        return f"nice {os.nice(0)}"
    policy = os.sched_getscheduler(0)
    real_time = {os.SCHED_FIFO: "fifo", os.SCHED_RR: "rr"}.get(policy)
    return f"{real_time} {os.sched_getparam(0).sched_priority}" if real_time else f"nice {os.nice(0)}"


def resident_mb() -> float:
    """Memory this process holds in the machine now (second number of STATM, in pages); NaN where there is no STATM."""
    if not STATM.exists():
        return nan
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
