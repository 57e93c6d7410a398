"""A gas exposure: its clock and its dose. Chemistry does not stop for a hold, so neither does this."""

from typing import Any

from pvdctl.instrument.tag import GOOD, Tag


class Exposure:
    """From first gas until the gas is pumped out; updated in every scan, whatever the unit's state.

    dose_mbar_s: integral of pressure over time. Pressure is the gauge's, not the plant's truth.
    """

    def __init__(self, name: str, gas: str, target_mbar: float, started_s: float) -> None:
        self.name = name
        self.gas = gas
        self.target_mbar = target_mbar
        self.first_gas_s = started_s
        self.at_pressure_s: float | None = None
        self.ended_s: float | None = None
        self.evacuating_s: float | None = None
        self.peak_mbar = 0.0
        self.dose_mbar_s = 0.0
        self.unread_s = 0.0
        """Time without a good pressure reading: dose missing from the integral."""
        self._last_s = started_s
        self._last_mbar = 0.0

    def update(self, pressure: Tag, now_s: float) -> None:
        """Integrate to now (trapezoid); a missing reading is counted as unread time, never filled in."""
        elapsed_s = now_s - self._last_s
        self._last_s = now_s
        if pressure.quality != GOOD:
            self.unread_s += elapsed_s
            return
        value = float(pressure.value or 0.0)
        self.dose_mbar_s += 0.5 * (value + self._last_mbar) * elapsed_s
        self._last_mbar = value
        if value > self.peak_mbar:
            self.peak_mbar = value

    def as_data(self) -> dict[str, Any]:
        """For the record: what the run's result shows."""
        hold_end_s = self.evacuating_s if self.evacuating_s is not None else self._last_s
        return {
            "name": self.name,
            "gas": self.gas,
            "target_mbar": self.target_mbar,
            "peak_mbar": round(self.peak_mbar, 3),
            "fill_s": round(self.at_pressure_s - self.first_gas_s, 3) if self.at_pressure_s is not None else None,
            "hold_s": round(hold_end_s - self.at_pressure_s, 3) if self.at_pressure_s is not None else 0.0,
            "gas_s": round(self._last_s - self.first_gas_s, 3),
            "dose_mbar_s": round(self.dose_mbar_s, 1),
            "unread_s": round(self.unread_s, 3),
        }
