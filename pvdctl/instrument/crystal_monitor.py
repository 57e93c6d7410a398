"""Quartz-crystal monitors of the Sycon family: what INFICON's SQC-310 and SQM-160 have in common.

Crystals by number, the same three readings of each, `@` to ask who it is and `J` how many crystals it has, and films
of density, Z-factor and tooling within the unit's ranges. Commands and their meaning differ, and are in the drivers.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, OperatorError, Restarted
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.monitor_limits import MonitorLimits
from pvdctl.instrument.poll import Answer, Poll
from pvdctl.instrument.roles import Sensor
from pvdctl.instrument.tag import Tag

SENSORS_SETTING: Mapping[str, str] = {"sensors": "list of the sensor numbers in use, from 1 (1 and 2 unless given)"}
"""The setting every such driver knows; the chamber file's `monitor` section fills it."""


class SensorTags:
    """The readings of one crystal."""

    __slots__ = ("frequency_hz", "rate_nm_per_s", "thickness_nm")

    def __init__(self, instrument: str, number: int) -> None:
        self.frequency_hz = Tag(f"{instrument}.frequency_{number}_hz", "Hz")
        self.rate_nm_per_s = Tag(f"{instrument}.rate_{number}_nm_per_s", "nm/s")
        self.thickness_nm = Tag(f"{instrument}.thickness_{number}_nm", "nm")


class CrystalMonitor(Driver):
    """Base of these monitors' drivers; a subclass states its facts and reads the two polls made here.

    Polls: `sensors`, `crystals`.
    """

    LIMITS: ClassVar[MonitorLimits]
    """What a film, and a layer where it controls one, may be."""
    CHANNELS: ClassVar[tuple[int, int]]
    """Crystals of the small and of the large model."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        numbers = tuple(settings.get("sensors", (1, 2)))
        most = self.CHANNELS[1]
        possible = all(type(n) is int and 1 <= n <= most for n in numbers)
        if not numbers or not possible or len(set(numbers)) < len(numbers):
            raise OperatorError(
                f"instrument {name}: setting 'sensors' wants numbers from 1 to {most}, found {list(numbers)}."
            )
        self._numbers = numbers
        self._channels = self.CHANNELS[0]
        self.sensors: Mapping[int, Sensor] = {n: SensorTags(name, n) for n in numbers}
        self.life_percent = {n: Tag(f"{name}.life_{n}_percent", "%") for n in numbers}
        sensor_tags = [t for s in self.sensors.values() for t in (s.frequency_hz, s.rate_nm_per_s, s.thickness_nm)]
        self.polls = [
            Poll(f"{name}.sensors", tuple(sensor_tags), self._read_sensors, 0.1),
            Poll(f"{name}.crystals", tuple(self.life_percent.values()), self._read_crystals, 10.0),
        ]

    @abstractmethod
    def _read_sensors(self, link: Any) -> Answer:
        """Frequency (Hz), rate (nm/s) and thickness (nm) of every sensor in use."""

    @abstractmethod
    def _read_crystals(self, link: Any) -> Answer:
        """Life left of every sensor in use, %."""

    @abstractmethod
    def _ask(self, link: Any, command: str) -> str:
        """One command; its data as text. Raises what its status says."""

    def _who(self, link: Any, model: str, pattern: str) -> re.Match[str]:
        """The answer to `@`, if it is that of `model`. Status B is expected here: it may just have been switched on."""
        try:
            said = self._ask(link, "@")
        except Restarted:
            said = self._ask(link, "@")
        match = re.fullmatch(pattern, said.strip())
        if match is None:
            raise InstrumentError(
                f"{self.name}: an {model} was expected, the instrument calls itself '{said}'. Its commands may mean "
                "other things, so none is sent. Check the link in the chamber file."
            )
        return match

    def _find_channels(self, link: Any) -> None:
        """J: how many crystals the unit has; those in use must be among them."""
        channels = self._ask(link, "J").strip()
        small, large = self.CHANNELS
        if channels not in (str(small), str(large)):
            raise BadFrame(f"number of channels is neither {small} nor {large}", channels.encode("latin-1"))
        self._channels = int(channels)
        if max(self._numbers) > self._channels:
            raise InstrumentError(
                f"{self.name}: the chamber file uses sensor {max(self._numbers)}, the unit has {channels} sensors. "
                "Correct the setting 'sensors'."
            )

    def _judge_film(
        self, slot: int, density_g_per_cm3: float, z_factor: float, tooling_percent: Mapping[int, float]
    ) -> None:
        """Raises OperatorError for a film the unit cannot hold."""
        limits = self.LIMITS
        limits.slot.judge(f"{self.name}: film slot", slot)
        limits.density_g_per_cm3.judge(f"{self.name}: density", density_g_per_cm3)
        limits.z_factor.judge(f"{self.name}: Z-factor", z_factor)
        for sensor, tooling in tooling_percent.items():
            if sensor not in self.sensors:
                raise OperatorError(f"{self.name}: no sensor {sensor}; in use: {', '.join(map(str, self._numbers))}.")
            limits.tooling_percent.judge(f"{self.name}: tooling of sensor {sensor}", tooling)
