"""`pvdctl doctor`: is this chamber fit to run, as far as its instruments can tell? Asks everything, changes no output.

Each instrument is connected as a run does it: identified, and prepared (units, remote mode, the PLC's watchdog time).
A wrong finding makes the chamber unfit; an unknown one is for a person to judge.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from json import dumps
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

from pvdctl.chamber.model import Chamber
from pvdctl.cli.chambers import chamber_from
from pvdctl.cli.equip import make_drivers
from pvdctl.cli.exits import DONE, NOT_PASSED, must_be_readable
from pvdctl.cli.real import make_workers
from pvdctl.clock import Clock, RealClock
from pvdctl.errors import LinkError, PvdctlError
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.poll import Poll
from pvdctl.instrument.roles import DigitalIO, Supply
from pvdctl.instrument.tag import Flaw
from pvdctl.links.worker import QUIET_S, Worker

T = TypeVar("T")
RIGHT, WRONG, UNKNOWN = "right", "wrong", "unknown"
ROUNDS = 20
"""Repetitions of a link's most frequent poll that its round trip is taken from."""
UNSTEADY = "It answers now and then: look at cable, shield, line speed, and whether this computer is busy."
BUSY, TOO_BUSY = 0.7, 1.0
"""Share of its time that a link may spend on polls: beyond the first, acts begin to wait; at the second, readings grow
old. The first is a choice."""


@dataclass(frozen=True)
class Finding:
    """One line: about which instrument or link, what was looked at, verdict, what was found, what to do next."""

    about: str
    what: str
    verdict: str
    found: str
    next_step: str = ""


def examine(path: Path, *, json: bool) -> int:
    """Examine the chamber and print the table; returns the exit code. Raises WrongUsage, BadFile, OperatorError."""
    must_be_readable(path, "chamber file")
    chamber = chamber_from(path).model
    findings = Doctor(chamber, RealClock()).findings()
    fit = all(finding.verdict != WRONG for finding in findings)
    if json:
        facts = {
            "chamber": chamber.chamber,
            "simulated": chamber.simulated,
            "fit": fit,
            "findings": [asdict(finding) for finding in findings],
        }
        print(dumps(facts, ensure_ascii=False, indent=2))
    else:
        _print(chamber, findings, fit)
    return DONE if fit else NOT_PASSED


class Doctor:
    """Goes through the links one after the other. clock: monotonic, real."""

    def __init__(self, chamber: Chamber, clock: Clock) -> None:
        self._chamber = chamber
        self._clock = clock
        self._workers = make_workers(chamber, make_drivers(chamber), clock)
        self._found: list[Finding] = []

    def findings(self) -> list[Finding]:
        """All findings, in the order of the chamber file. Takes some seconds; a mute instrument costs its deadlines."""
        for worker in self._workers:
            try:
                self._link(worker)
            finally:
                worker.link.close()
        return self._found

    def _say(self, about: str, what: str, verdict: str, found: str, next_step: str = "") -> None:
        self._found.append(Finding(about, what, verdict, found, next_step))

    def _again(self, link: Any, about: str, do: Callable[[], T]) -> T:
        """Do it; once more after a missing or damaged answer, which then is said. Raises PvdctlError."""
        try:
            return do()
        except LinkError as error:
            link.open()
            link.drain(QUIET_S)
            done = do()
            self._say(about, "line", UNKNOWN, f"answered at the second attempt; first: {error}", UNSTEADY)
            return done

    def _try(self, link: Any, about: str, what: str, do: Callable[[], str]) -> bool:
        """Do it and say what it found, or what is wrong; whether it worked."""
        try:
            found = self._again(link, about, do)
        except PvdctlError as error:
            said, _, advice = str(error).partition(". ")
            self._say(about, what, WRONG, said, advice or "See the instrument's section in the integrator's guide.")
            return False
        self._say(about, what, RIGHT, found)
        return True

    # --- one link ---------------------------------------------------------------------------------------------------
    def _link(self, worker: Worker) -> None:
        link = worker.link

        def open_it() -> str:
            link.open()
            dropped = link.drain(QUIET_S)
            return f"{link.where}: open" + (f"; {len(dropped)} stray bytes dropped" if dropped else "")

        if not self._try(link, link.name, "port", open_it):
            for driver in worker.drivers:
                self._say(driver.name, "identity", UNKNOWN, "not asked: its port is not open", "Mend the port first.")
            return
        answering = [driver for driver in worker.drivers if self._instrument(driver, link)]
        if answering:
            self._pace(worker, [poll for driver in answering for poll in driver.polls])

    def _instrument(self, driver: Driver, link: Any) -> bool:
        """Identity, settings, readings, watchdog; whether it answered at all."""

        def identify() -> str:
            driver.identity = driver.identify(link)
            return str(driver.identity)

        if not self._try(link, driver.name, "identity", identify):
            return False

        def prepare() -> str:
            driver.prepare(link)
            return "as the chamber file wants them"

        self._try(link, driver.name, "settings", prepare)
        for remark in driver.remarks:
            self._say(driver.name, "settings", UNKNOWN, remark, "Judge whether that is meant.")
        driver.remarks.clear()
        for poll in driver.polls:
            self._read(driver, poll, link)
        self._watchdog(driver, link)
        return True

    def _read(self, driver: Driver, poll: Poll, link: Any) -> None:
        """Every reading of one poll."""
        short = poll.name.removeprefix(f"{driver.name}.")
        try:
            values = self._again(link, driver.name, lambda: poll.do(link))
        except PvdctlError as error:
            said, _, advice = str(error).partition(". ")
            self._say(driver.name, short, WRONG, said, advice)
            return
        good: list[str] = []
        for tag, value in zip(poll.tags, values, strict=True):
            name = tag.name.removeprefix(f"{driver.name}.")
            if isinstance(value, Flaw):
                self._say(
                    driver.name,
                    name,
                    UNKNOWN,
                    value.why,
                    "In order if it is so in this state of the chamber; else wiring.",
                )
            else:
                shown = f"{value:.5g}" if isinstance(value, float) else str(value)
                good.append(f"{name} {shown} {tag.unit}".rstrip())
        if good:
            self._say(driver.name, short, RIGHT, _folded(good))

    def _watchdog(self, driver: Driver, link: Any) -> None:
        """What switches its outputs off when this program falls silent."""
        if not isinstance(driver, DigitalIO | Supply):
            return
        try:
            found = self._again(link, driver.name, lambda: driver.watchdog(link))
        except PvdctlError as error:
            said, _, advice = str(error).partition(". ")
            self._say(driver.name, "watchdog", WRONG, said, advice)
            return
        if found:
            self._say(driver.name, "watchdog", RIGHT, found)
        elif isinstance(driver, DigitalIO):
            self._say(
                driver.name, "watchdog", UNKNOWN, "cannot be read", "Prove it: pull the cable (integrator's guide)."
            )
        else:
            self._say(
                driver.name,
                "watchdog",
                UNKNOWN,
                "this driver knows none",
                "Set one at the supply if it has it; else only the PLC's contactor takes its power away.",
            )

    def _pace(self, worker: Worker, polls: list[Poll]) -> None:
        """How long the exchanges take, and whether the link has time for all its polls."""
        if not polls:
            return
        link, clock = worker.link, self._clock
        load = 0.0

        def took_s(poll: Poll) -> float:
            def timed() -> float:
                began_s = clock.now_s
                poll.do(link)
                return clock.now_s - began_s

            return self._again(link, link.name, timed)

        try:
            for poll in polls:
                load += took_s(poll) / poll.every_s
            quickest = min(polls, key=lambda poll: poll.every_s)
            rounds_s = sorted(took_s(quickest) for _ in range(ROUNDS))
        except PvdctlError as error:
            self._say(link.name, "pace", WRONG, str(error), UNSTEADY)
            return
        found = (
            f"{quickest.name} {1000 * rounds_s[ROUNDS // 2]:.1f} ms, at most {1000 * rounds_s[-1]:.1f} ms; "
            f"polls take {ceil(100 * load)} % of the link's time"
        )
        if load < BUSY:
            self._say(link.name, "pace", RIGHT, found)
        else:
            verdict = UNKNOWN if load < TOO_BUSY else WRONG
            self._say(link.name, "pace", verdict, found, "Raise the line speed, or move polls to a slower poll group.")


def _folded(parts: list[str]) -> str:
    """All of a few, the first and a count of many."""
    if len(parts) <= 6:
        return ", ".join(parts)
    return f"{', '.join(parts[:4])} and {len(parts) - 4} more"


def _print(chamber: Chamber, findings: list[Finding], fit: bool) -> None:
    from pvdctl.cli import screen

    console = screen.console()
    table = screen.table(("", "left"), ("looked at", "left"), ("", "left"), ("found, and what to do next", "left"))
    signs = {RIGHT: "[blue]✓ right[/]", WRONG: "[bold magenta]✗ wrong[/]", UNKNOWN: "[yellow]? unknown[/]"}
    told = ""
    for finding in findings:
        found = screen.plain(finding.found)
        if finding.next_step:
            found += f"\n[bold]do:[/] {screen.plain(finding.next_step)}"
        about = screen.plain(finding.about) if finding.about != told else ""
        told = finding.about
        table.add_row(about, screen.plain(finding.what), signs[finding.verdict], found)
    mark = f"{screen.SIMULATED}  " if chamber.simulated else ""
    console.print(f"{mark}[bold]chamber {screen.plain(chamber.chamber)}[/]\n")
    console.print(table)
    counts = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in (RIGHT, WRONG, UNKNOWN)}
    verdict = "[bold blue]✓ fit to run[/]" if fit else "[bold magenta]✗ not fit to run[/]"
    console.print(
        f"{verdict}: {counts[RIGHT]} right, {counts[WRONG]} wrong, {counts[UNKNOWN]} unknown. No output was changed."
    )
