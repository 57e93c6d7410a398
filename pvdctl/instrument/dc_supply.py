"""A DC supply that heats a boat at controlled current: what every maker's has, and how it is made safe.

Limits and steps of the set points, the over-voltage protection written and read back, and the order of switching off:
output off, then current zero, each whatever becomes of the other, then the output read back. Commands and readings are
in the drivers.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError, OperatorError, PvdctlError, Refused
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.tag import Tag

COMMON_SETTINGS: Mapping[str, str] = {
    "max_current_a": "highest current that may be programmed, A",
    "max_voltage_v": "highest voltage limit that may be programmed, V",
    "protection_v": "over-voltage protection level written at connect, V; at least 1.05 times max_voltage_v",
}
"""Settings of every supply; a driver adds `current_step_a` and `voltage_step_v`, with its own default said."""

PROTECTION_MARGIN = 1.05
"""Least protection level over the highest voltage set point: Keysight N5700 user guide, VOLT:PROT:LEV; TDK-Lambda
Genesys user manual, error E04."""


Read = Callable[[Any], Answer]
"""Reads something on a link."""


class Steps:
    """Numbers as a set point can hold them: multiples of `step`, written with as many decimals as the step has."""

    __slots__ = ("_write", "step")

    def __init__(self, step: float) -> None:
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        while round(step, decimals) != step and decimals < 9:
            decimals += 1
        self.step = step
        self._write = f"{{:.{decimals}f}}".format

    def text(self, value: float) -> str:
        """`value` to the nearest step."""
        return self._write(round(value / self.step) * self.step)


class DcSupply(Driver):
    """Base of the supplies' drivers; a subclass says how things are sent and read.

    Polls: `current`, `voltage`, `state`, made with `_make_polls`.
    """

    STEP_A: ClassVar[float] = 0.001
    STEP_V: ClassVar[float] = 0.001
    """Resolution of the set points where the settings do not say."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        for needed in ("max_current_a", "max_voltage_v"):
            if needed not in settings:
                raise OperatorError(f"instrument {name}: setting '{needed}' is missing: {self.SETTINGS[needed]}.")
        self._amps = self._steps("current_step_a", self.STEP_A)
        self._volts = self._steps("voltage_step_v", self.STEP_V)
        self.max_current_a: float = self._limit("max_current_a", self._amps)
        self.max_voltage_v: float = self._limit("max_voltage_v", self._volts)
        self.protection_v: float | None = None
        if settings.get("protection_v") is not None:
            self.protection_v = self._limit("protection_v", self._volts)
            if self.protection_v < PROTECTION_MARGIN * self.max_voltage_v:
                raise OperatorError(
                    f"instrument {name}: protection_v {self.protection_v:g} V is below {PROTECTION_MARGIN} times "
                    f"max_voltage_v ({self.max_voltage_v:g} V); supplies refuse that. Raise the one or lower the other."
                )
        self.current_a = Tag(f"{name}.current_a", "A")
        self.voltage_v = Tag(f"{name}.voltage_v", "V")
        self.output_on = Tag(f"{name}.output_on", "")
        self.tripped = Tag(f"{name}.tripped", "")
        self._offs = 0

    def _make_polls(self, current: Read, voltage: Read, state: Read, *more: Tag) -> list[Poll]:
        """The three polls. state: brings output and trip, and `more`."""
        return [
            Poll(f"{self.name}.current", (self.current_a,), current, 0.1),
            Poll(f"{self.name}.voltage", (self.voltage_v,), voltage, 0.5),
            Poll(f"{self.name}.state", (self.output_on, self.tripped, *more), state, 0.5),
        ]

    # --- what a supply's driver brings ---------------------------------------------------------------------------

    @abstractmethod
    def _write_current(self, link: Any, text: str) -> None:
        """Programme the current, A as text, and check that it was taken."""

    @abstractmethod
    def _write_voltage(self, link: Any, text: str) -> None:
        """Programme the voltage limit, V as text, and check that it was taken."""

    @abstractmethod
    def _write_protection(self, link: Any, text: str) -> None:
        """Set the protection level, V as text, and check that it was taken."""

    @abstractmethod
    def _read_protection(self, link: Any) -> tuple[float, float]:
        """The protection level as the supply holds it, and how far that may be from what was written, V."""

    @abstractmethod
    def _on(self, link: Any) -> None:
        """Switch the output on, and check that it was taken."""

    @abstractmethod
    def _send_off(self, link: Any) -> None:
        """Output off."""

    @abstractmethod
    def _send_zero(self, link: Any) -> None:
        """Current zero."""

    @abstractmethod
    def _still_on(self, link: Any) -> bool:
        """Whether the output reads on after both, once nothing speaks against what was sent."""

    # --- acts ----------------------------------------------------------------------------------------------------

    def set_current(self, current_a: float) -> Act:
        """Programme the current, to the nearest step; zero is a SAFE act.

        Raises OperatorError outside 0 .. max_current_a; never clips. Fails unsent if the output was asked off after
        this was asked: a late set point must not undo the zero.
        """
        self._check("current", current_a, self.max_current_a, "A")
        text = self._amps.text(current_a)
        offs = self._offs

        def do(link: Any) -> None:
            if offs != self._offs:
                raise Refused(f"{self.name}: current {text} A", "the output was switched off after this was asked")
            self._write_current(link, text)

        return self.post("set_current", do, priority=COMMAND if current_a > 0.0 else SAFE)

    def set_voltage_limit(self, voltage_v: float) -> Act:
        """Programme the voltage limit, to the nearest step. Raises OperatorError outside 0 .. max_voltage_v."""
        self._check("voltage limit", voltage_v, self.max_voltage_v, "V")
        text = self._volts.text(voltage_v)
        return self.post("set_voltage_limit", lambda link: self._write_voltage(link, text))

    def set_output(self, on: bool) -> Act:
        """Switch the output. Off is SAFE: output off, then current zero, both sent whatever becomes of the first."""
        if on:
            return self.post("output", self._on, priority=COMMAND)
        self._offs += 1
        return self.post("output", self._off, priority=SAFE)

    def _off(self, link: Any) -> None:
        failed: PvdctlError | None = None
        for send in (self._send_off, self._send_zero):
            try:
                send(link)
            except PvdctlError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        if self._still_on(link):
            raise InstrumentError(
                f"{self.name}: output was switched off and still reads on. Switch the supply off at its front, and "
                "check for a local lock."
            )

    def _protect(self, link: Any) -> None:
        """Write the protection level and read it back; nothing where none is set."""
        if self.protection_v is None:
            return
        self._write_protection(link, self._volts.text(self.protection_v))
        held_v, within_v = self._read_protection(link)
        if abs(held_v - self.protection_v) > within_v:
            raise InstrumentError(
                f"{self.name}: protection level was set to {self.protection_v:g} V and reads {held_v:g} V. "
                "Check the supply's range and the setting 'protection_v'."
            )

    # --- numbers -------------------------------------------------------------------------------------------------

    def _check(self, what: str, value: float, most: float, unit: str) -> None:
        if not 0.0 <= value <= most:
            raise OperatorError(
                f"{self.name}: {what} {value:g} {unit} is outside 0 to {most:g} {unit} (chamber file). "
                "Nothing was sent."
            )

    def _steps(self, key: str, otherwise: float) -> Steps:
        step = float(self.settings.get(key, otherwise))
        if not 1e-9 <= step <= 1e3:
            raise OperatorError(f"instrument {self.name}: setting '{key}' wants 1e-9 to 1000, found {step:g}.")
        return Steps(step)

    def _limit(self, key: str, steps: Steps) -> float:
        """A limit from the settings: positive, and a multiple of the step so that rounding cannot pass it."""
        value = float(self.settings[key])
        if not 0.0 < value < 1e6 or abs(value / steps.step - round(value / steps.step)) > 1e-6:
            raise OperatorError(
                f"instrument {self.name}: setting '{key}' wants a positive multiple of its step {steps.step:g}, "
                f"found {value:g}."
            )
        return value
