"""`pvdctl tui`: the operator's screens on the service that owns the chamber, or on a simulated one of their own."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, say
from pvdctl.cli.own_service import SimulatedService, service_arguments
from pvdctl.client import Chamber
from pvdctl.errors import OperatorError
from pvdctl.service.dial import Unreachable, own_socket

SPEED = 20.0
"""Simulated seconds per second where nobody says: the paper's run then takes two minutes, and can be followed."""
PAINTS_PER_S = "250"
"""Textual paints at fixed moments, 60 a second: what a key has changed would wait up to 17 ms for the next of them
(docs/benchmarks.md: key to screen). It paints no oftener than anything changes."""
END_WITHIN_S = 30.0
"""For a stop under control and the record's closing, at `SPEED`; it goes on ending after that."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as on the command line. service: socket or https address; None for the usual one."""

    service: str | None
    simulate: bool
    chamber: Path | None
    speed: float | None
    seed: int | None
    faults: Sequence[str]
    record: Path | None
    recipes: Path | None

    @property
    def of_a_simulation(self) -> bool:
        """Whether something was said that only a simulated service of one's own understands."""
        return bool(
            self.chamber or self.speed is not None or self.seed is not None or self.faults or self.record
            or self.recipes
        )  # fmt: skip


def screens(wish: Wish) -> int:
    """Open the screens until their user leaves them; returns the exit code. Raises WrongUsage, OperatorError."""
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("stderr", sys.stderr)):  # drawn on stderr
        if not stream.isatty():
            raise WrongUsage(
                f"the screens need a terminal, and their {name} is none. For programs: `pvdctl status --json`, or "
                "pvdctl.client.Chamber"
            )
    if wish.of_a_simulation and not wish.simulate:
        raise WrongUsage("--chamber, --speed, --seed, --fault, --record and --recipes are for --simulate")
    where, own = (wish.service, None) if not wish.simulate else _own(wish)
    os.environ.setdefault("TEXTUAL_FPS", PAINTS_PER_S)  # looked at when it is imported
    from pvdctl.tui.app import Screens, client_name
    from pvdctl.tui.kept import prompt

    prompt()
    name = client_name(os.getpid())
    try:
        chamber = Chamber(where, client=name)
    except OperatorError as error:  # the address is none
        raise WrongUsage(str(error)) from error
    app = Screens(chamber, name, own=own)
    app.run()
    if own is None:
        return app.return_code or DONE
    if failure := own.failure():
        if app.ending:
            return DONE
        raise OperatorError(f"the simulated service ended:\n{failure}")
    if not app.ending:
        say(
            f"The simulated service goes on (process {own.pid}). Back to it: pvdctl tui --service {own.socket}\n"
            f"End it: kill {own.pid}"
        )
        return DONE
    say("The simulated service is ending ...")
    if own.gone(END_WITHIN_S):
        return DONE
    say(f"It has not ended within {END_WITHIN_S:g} s, and goes on doing so (process {own.pid}; see {own.log}).")
    return NOT_PASSED


def _own(wish: Wish) -> tuple[str, SimulatedService | None]:
    """A simulated service to open the screens on: one that runs already, or a new one."""
    socket = Path(wish.service) if wish.service is not None else own_socket()
    try:
        running = Chamber(socket, client="pvdctl tui").status()
    except Unreachable:
        speed = wish.speed if wish.speed is not None else SPEED
        seed = wish.seed if wish.seed is not None else 1
        arguments = service_arguments(wish.chamber, speed, seed, wish.faults, wish.record, wish.recipes)
        return os.fspath(socket), SimulatedService(socket, arguments)
    if not running.simulated:
        raise WrongUsage(
            f"{socket} is the service of the real chamber {running.chamber}: open it by `pvdctl tui` without "
            "--simulate, or name another socket with --service"
        )
    if wish.of_a_simulation:
        raise WrongUsage(
            f"a simulated service answers on {socket} already, and goes on as it was started: open it by "
            "`pvdctl tui --simulate` alone, end it first, or name another socket with --service"
        )
    return os.fspath(socket), None
