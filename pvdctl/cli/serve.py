"""`pvdctl serve`: the service that owns a chamber. This process is the control process; the web server is its child."""

import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.cli.chambers import chamber_from
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, must_be_readable, say
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulator import judge_served_fault
from pvdctl.cli.stations import RealStation, SimulatedStation
from pvdctl.clock import RealClock
from pvdctl.errors import OperatorError
from pvdctl.record.place import default_directory
from pvdctl.service.control import Control
from pvdctl.service.dial import own_socket
from pvdctl.service.library import Library
from pvdctl.service.listen import tcp_socket, unix_socket
from pvdctl.service.notify import Notify
from pvdctl.service.outlet import Outlet, web_command
from pvdctl.service.settings import Settings, load_settings
from pvdctl.service.station import Station

SLOWEST = 0.1
"""Simulated seconds per second: a scan then takes a second."""
RECIPES = Path("recipes")
"""Where recipes are looked for when nobody says: beside the one who starts the service."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as on the command line; None for the settings file's word, or the default."""

    chamber: Path | None
    simulate: bool
    speed: float
    seed: int
    faults: Sequence[str]
    record: Path | None
    recipes: Path | None
    socket: Path | None
    settings: Path | None


def serve(wish: Wish) -> int:
    """Own the chamber until SIGTERM or Ctrl-C; returns the exit code. Raises WrongUsage, OperatorError, RecordError."""
    if wish.chamber is None and not wish.simulate:
        raise WrongUsage("name a chamber file with --chamber, or --simulate a chamber in memory")
    if not wish.speed >= SLOWEST:
        raise WrongUsage(f"--speed wants at least {SLOWEST:g} simulated seconds per second, found {wish.speed:g}")
    if wish.faults and not wish.simulate:
        raise WrongUsage("--fault is for --simulate: nothing is made to go wrong on a chamber's own ports")
    settings = _settings(wish.settings)
    chamber = _chamber(wish.chamber or chamber_file())
    for fault in wish.faults:
        judge_served_fault(fault, chamber.model, phases_are_told=True)
    directory = wish.record or settings.record or default_directory()
    recipes = wish.recipes or settings.recipes or RECIPES
    if not recipes.is_dir():
        raise WrongUsage(f"there is no folder {recipes.absolute()} with recipes; name one with --recipes")
    path = wish.socket or settings.socket or own_socket()
    try:
        listening = [unix_socket(path, settings.group)]
        if settings.tcp is not None:
            listening.append(tcp_socket(settings.tcp.host, settings.tcp.port))
    except OperatorError as error:
        raise WrongUsage(str(error)) from error
    notify = Notify()
    station: Station
    if wish.simulate:
        station = SimulatedStation(chamber, directory, seed=wish.seed, speed=wish.speed, faults=wish.faults)
    else:
        station = RealStation(chamber, directory)
    control = Control(station, Library(recipes, chamber), secrets.token_hex(8), notify, _log)
    told = _for_the_web(chamber, directory, recipes, settings, [each.fileno() for each in listening])
    outlet = Outlet(
        web_command(sys.executable), [each.fileno() for each in listening], told, control.heard,
        lambda text: _log(text, 4), _monotonic(),
    )  # fmt: skip
    control.connect(outlet)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _passed_on(control))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is closed ends no process in the chamber
    marked = "SIMULATED " if station.simulated else ""
    _log(f"{marked}chamber {chamber.model.chamber}: service on {path}, record in {directory}", 6)
    left_behind = control.run()
    for link in left_behind:
        say(f"pvdctl: the port of {link} hung and was left as it is; unplug and plug it in before the next start")
    path.unlink(missing_ok=True)
    return NOT_PASSED if left_behind else DONE


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    must_be_readable(path, "settings file")
    return load_settings(path)


def _chamber(path: Path) -> LoadedChamber:
    must_be_readable(path, "chamber file")
    return chamber_from(path)


def _for_the_web(
    chamber: LoadedChamber, directory: Path, recipes: Path, settings: Settings, listening: Sequence[int]
) -> dict[str, Any]:
    """What the web server is told first."""
    tcp = settings.tcp
    return {
        "chamber": chamber.text,
        "chamber_path": chamber.path,
        "record": str(directory.absolute()),
        "recipes": str(recipes.absolute()),
        "roles": settings.roles,
        "hosts": list(tcp.names) if tcp is not None else [],
        "tokens": str(tcp.tokens.absolute()) if tcp is not None else "",
        "certificate": str(tcp.certificate.absolute()) if tcp is not None else "",
        "key": str(tcp.key.absolute()) if tcp is not None else "",
        "listening": [{"fd": fd, "tls": index > 0} for index, fd in enumerate(listening)],
        "simulate": [sys.executable, "-m", "pvdctl.cli.main", "simulate"],
    }


def _passed_on(control: Control) -> Any:
    def obey(number: int, frame: FrameType | None) -> None:
        control.interrupt()

    return obey


def _monotonic() -> Any:
    clock = RealClock()
    return lambda: clock.now_s


def _log(text: str, level: int) -> None:
    """One line on stderr; with its syslog level in front where the journal reads it (sd-daemon(3))."""
    line = " ".join(text.split("\n"))
    say(f"<{level}>{line}" if "JOURNAL_STREAM" in os.environ else f"pvdctl: {line}")
