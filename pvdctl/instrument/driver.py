"""What every driver is: one instrument, all its facts, no port.

A driver turns meaning into bytes and bytes into meaning. It is handed a link for each exchange by the worker that
owns the link, and never knows whether that link is a serial port, a socket or a simulated instrument in memory.
"""

import difflib
import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar, Protocol

from pvdctl.errors import Bug, OperatorError
from pvdctl.instrument.poll import COMMAND, Act, Poll


@dataclass(frozen=True)
class Identity:
    """Who answered: as the instrument itself says it. Empty text where it does not say."""

    model: str
    firmware: str = ""
    serial: str = ""

    def __str__(self) -> str:
        more = ", ".join(
            t
            for t in (f"firmware {self.firmware}" * bool(self.firmware), f"serial {self.serial}" * bool(self.serial))
            if t
        )
        return f"{self.model} ({more})" if more else self.model


class Poster(Protocol):
    """Takes acts for a link; the worker is one."""

    def post(self, act: Act) -> None:
        """Queue `act`; a waiting act of the same name and driver is replaced. Never blocks."""


class Driver(ABC):
    """Base of all drivers. A subclass states its facts as class data and implements `identify` and its role.

    Exactly one public Driver subclass per module of pvdctl.drivers; the chamber file names the module.

    name: of the instrument in the chamber file; settings: its `settings` there, as plain values. A subclass declares
    the settings it knows in `SETTINGS` (name -> sentence saying what and which unit) and refuses others.
    """

    SETTINGS: ClassVar[Mapping[str, str]] = {}
    SPEAKS: ClassVar[str] = "bytes"
    """Kind of link it needs: `bytes` (links.link.Link) or `modbus` (links.link.ModbusLink)."""
    DEADLINE_S: ClassVar[float] = 0.3
    """Longest wait for one answer. At most 0.3 s for readings, so that a mute instrument is seen soon."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        for key in settings:
            if key not in self.SETTINGS:
                near = difflib.get_close_matches(key, self.SETTINGS, n=3)
                hint = f" Did you mean {' or '.join(near)}?" if near else ""
                raise OperatorError(
                    f"instrument {name}: setting '{key}' is not known to its driver; "
                    f"it knows: {', '.join(self.SETTINGS) or 'none'}.{hint}"
                )
        self.settings = settings
        self.identity: Identity | None = None
        self.polls: list[Poll] = []
        self.remarks: list[str] = []
        """Sentences found while identifying or preparing; the worker hands them on as notices and empties the list."""
        self._poster: Poster | None = None

    def attach(self, poster: Poster) -> None:
        """Tell the driver which worker runs its acts."""
        self._poster = poster

    @abstractmethod
    def identify(self, link: Any) -> Identity:
        """Ask the instrument who it is; raise InstrumentError if it is not one this driver knows."""

    def prepare(self, link: Any) -> None:
        """Bring a just identified instrument into the state its polls need (units, remote mode). Changes no output."""
        return

    @property
    def bus_address(self) -> int | None:
        """By which it is told from others on the same link; None: the link must be its own.

        Only where every request and every answer says whom it concerns. An instrument that is called once and listens
        from then on (TDK-Lambda's `ADR`) would hear what is meant for the one called before.
        """
        return None

    def watchdog(self, link: Any) -> str:
        """What takes its outputs away when this program falls silent, as read from it now, in words; empty: not known.

        Raises InstrumentError if it has one and it is off.
        """
        return ""

    def post(
        self,
        name: str,
        do: Callable[[Any], None],
        *,
        priority: int = COMMAND,
        not_before_s: float = 0.0,
        within_s: float = 1.0,
    ) -> Act:
        """Queue one act on this driver's link and return it; never blocks."""
        act = Act(f"{self.name}.{name}", do, priority=priority, not_before_s=not_before_s, within_s=within_s)
        return self.post_act(act)

    def post_act(self, act: Act) -> Act:
        """Queue an act made by the driver itself (where one is posted in every scan); never blocks."""
        if self._poster is None:
            raise Bug(f"instrument {self.name} was asked to act before it was attached to a link")
        self._poster.post(act)
        return act


def find(driver: str) -> type[Driver]:
    """The driver class in module `pvdctl.drivers.<driver>`.

    Raises OperatorError with the nearest names if there is none.
    """
    package = find_spec("pvdctl.drivers")  # by name: these words lie below the drivers that are written in them
    places = package.submodule_search_locations if package is not None else None
    known = [m.name for m in pkgutil.iter_modules(places or [])]
    if driver not in known:
        near = difflib.get_close_matches(driver, known, n=3, cutoff=0.3)
        raise OperatorError(
            f"driver '{driver}' is not known. Did you mean {' or '.join(near)}?"
            if near
            else f"driver '{driver}' is not known; there are: {', '.join(known)}."
        )
    module = importlib.import_module(f"pvdctl.drivers.{driver}")
    found = [
        c
        for c in vars(module).values()
        if isinstance(c, type)
        and issubclass(c, Driver)
        and c.__module__ == module.__name__
        and not c.__name__.startswith("_")
    ]
    if len(found) != 1:
        raise Bug(f"module {module.__name__} must hold exactly one public driver, it holds {len(found)}")
    return found[0]
