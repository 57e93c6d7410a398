"""What the screens cost: how soon they are there, how soon a key is answered, how much of a core they take."""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pvdctl.clock import sleep_s
from pvdctl.tui.panes import PANES
from tests.benchmarks.row import Row, at_most, told
from tests.benchmarks.terminal import Terminal
from tests.service.inside import ROOT
from tests.service.served import Served

FIRST_PAINT_S = 0.6
KEY_MS = 50.0
CORE_PERCENT = 15.0
STARTS = 5
ROUNDS = 40
"""Of three keys whose answer is looked for, and three others."""
APART_S = 0.23
"""Between keys, so that news at 2 Hz fall anywhere between them."""
LOOK_S = 20.0
POINTS = 600
SPEED = 20.0
"""As `pvdctl tui --simulate` has it: each piece of news moves the curves by ten simulated seconds."""
POINTS_WITHIN_S = 300.0
RUN_WITHIN_S = 60.0


def screens() -> Iterator[Row]:
    """The real program on a pty of 120 x 40, on a simulated service that makes the dual layer."""
    group = "screens, 120 x 40"
    if sys.platform == "win32":
        yield told(group, "not measured", "needs ptys and Unix sockets")
        return
    with tempfile.TemporaryDirectory() as name:
        served = Served(Path(name), ROOT / "recipes", speed=SPEED)
        try:
            _begin(served)
            starts = sorted(first_paint_s(served.socket) for _ in range(STARTS))
            yield at_most(
                group, "first paint, from exec to the top line", FIRST_PAINT_S, starts[len(starts) // 2], "s", 2
            )
            yield told(group, "the slowest of five", f"{starts[-1]:.2f} s")
            taken_ms = keys_ms(served.socket)
            yield at_most(group, "key to screen, median", KEY_MS, statistics.median(taken_ms), "ms", 0)
            yield at_most(group, "key to screen, p99", KEY_MS, statistics.quantiles(taken_ms, n=100)[98], "ms", 0)
            points = _points(served)
            _begin(served)
            percent, per_s, memory_mb = core_percent(served.socket)
            yield at_most(group, f"of a core at 2 Hz, four plots of {points} points", CORE_PERCENT, percent, "%", 1)
            yield told(group, "drawn meanwhile", f"{per_s:.1f} times a second")
            yield told(group, "memory", f"{memory_mb:.0f} MB")
        finally:
            served.end()


def first_paint_s(socket: Path) -> float:
    """From exec to the first output that holds the top line's mark, with the chamber's state."""
    terminal = Terminal(socket)
    try:
        return terminal.until("SIMULATED") - terminal.began_s
    finally:
        terminal.end()


def keys_ms(socket: Path) -> list[float]:
    """From a key to the output that answers it: help over the overview, the change to Runs, the line to find runs."""
    runs = str([name for name, _ in PANES].index("Runs") + 1)
    terminal = Terminal(socket)
    taken_ms: list[float] = []

    def answered(key: str, word: str) -> None:
        began_s = terminal.press(key)
        taken_ms.append(1000.0 * (terminal.until(word) - began_s))
        sleep_s(APART_S)

    def aside(key: str) -> None:
        terminal.press(key)
        sleep_s(APART_S)

    try:
        terminal.until("SIMULATED")
        for key in (runs, "1"):  # a screen is made when it is first looked at
            terminal.press(key)
            sleep_s(2.0)
        for _ in range(ROUNDS):
            answered("?", "On the screen Overview")
            aside("?")  # no Escape: together with the next key it would be another one, where the program is late
            answered(runs, "newest first")
            answered("/", "ords to find")  # the cursor is on the first letter
            aside("\r")
            aside("1")
    finally:
        terminal.end()
    return taken_ms


def core_percent(socket: Path) -> tuple[float, float, float]:
    """Share of a core while the overview is in sight, how often it was drawn a second, and memory in MB."""
    terminal = Terminal(socket)
    try:
        terminal.until("SIMULATED")
        sleep_s(5.0)
        began_s, began_cpu_s = time.perf_counter(), terminal.cpu_s
        sleep_s(LOOK_S)
        took_s, took_cpu_s = time.perf_counter() - began_s, terminal.cpu_s - began_cpu_s
        return 100.0 * took_cpu_s / took_s, terminal.bursts(began_s) / took_s, terminal.memory_mb
    finally:
        terminal.end()


def _begin(served: Served) -> None:
    """Let a run begin, so that everything moves; two minutes at this speed. Waits for the end of one before."""
    chamber = served.chamber("benchmark")
    if (job := chamber.status().job) is not None and job.running:
        chamber.wait(job.run)
    with chamber.control("benchmark"):
        chamber.ready()
        chamber.start("lzln", sample_id="bench")
        chamber.until(("Execute",), RUN_WITHIN_S)


def _points(served: Served) -> int:
    """Wait until the service remembers as many as are to be drawn."""
    chamber = served.chamber("benchmark")
    began_s = time.perf_counter()
    while (points := len(chamber.trend(POINTS).at_s)) < POINTS - 1:
        if time.perf_counter() - began_s > POINTS_WITHIN_S:
            break
        sleep_s(1.0)
    return points
