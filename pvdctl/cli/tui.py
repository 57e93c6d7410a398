"""`pvdctl tui`: the operator's screens on the service that owns the chamber."""

import os
from dataclasses import dataclass

from pvdctl.cli.exits import DONE
from pvdctl.client import Chamber


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as on the command line. service: socket or https address; None for the usual one."""

    service: str | None


def screens(wish: Wish) -> int:
    """Open the screens until their user leaves them; returns the exit code."""
    from pvdctl.tui.app import Screens, client_name

    name = client_name(os.getpid())
    Screens(Chamber(wish.service, client=name), name).run()
    return DONE
