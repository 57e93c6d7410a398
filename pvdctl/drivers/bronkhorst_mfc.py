"""Bronkhorst digital mass flow controller (EL-FLOW and relatives) over Modbus.

The controller speaks Modbus RTU (RS-485, 19200 8E1 unless set otherwise); it is reached here through a Modbus TCP
gateway, whose address is the link's. Registers, as on the wire (the documents count from 1): Bronkhorst documents
9.17.035 and 9.17.061: 0x0020 measure and 0x0021 set point with 32000 = 100 %, 0x0024 control mode, 0x8168 capacity as a
float (high word first), 0x0034 alarm info.

Not tried on a unit. Taken to be so without a source: control mode 18 accepts set points from the bus (seen for RS-232
in PyExpLabSys), 0 too; measure counts above 41942 (131 %) do not occur. The unit of the capacity stands in a register
this driver does not read: the chamber file says it, and a capacity that differs from `full_scale` is refused, because a
set point in per cent of the wrong capacity looks perfectly healthy. No watchdog for its bus is documented: if this
program dies, the PLC closes the inlet valve.
"""

import struct
from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, OperatorError
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.tag import Tag
from pvdctl.links.link import ModbusLink

MEASURE, SET_POINT, CONTROL_MODE, ALARM, CAPACITY = 0x0020, 0x0021, 0x0024, 0x0034, 0x8168
FULL_SCALE_COUNTS = 32000
MOST_COUNTS = 41942
"""131 %, the end of what measure shows."""
MODES: Mapping[int, str] = {0: "bus or digital", 18: "RS232 or bus"}
"""Control modes in which a set point from the bus counts."""
SCCM_PER_UNIT: Mapping[str, float] = {"mln/min": 1.0, "ln/min": 1e3}
"""Bronkhorst's n: at 0 °C and 1013.25 mbar, as sccm here."""


class BronkhorstMfc(Driver):
    """One mass flow controller.

    Polls: `flow`, `set_point` (and alarm).
    """

    SPEAKS = "modbus"
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "full_scale_sccm": "flow at 100 %, sccm; must agree with the capacity the controller reports",
        "capacity_unit": "unit of the capacity it reports: mln/min or ln/min (ln/min unless given)",
        "address": "Modbus address of the controller, 1 to 247 (1 unless given)",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        full_scale = settings.get("full_scale_sccm", 0.0)
        if not 0.0 < full_scale < 1e7:
            raise OperatorError(
                f"instrument {name}: setting 'full_scale' is missing or no flow: {self.SETTINGS['full_scale_sccm']}."
            )
        unit = settings.get("capacity_unit", "ln/min")
        if unit not in SCCM_PER_UNIT:
            raise OperatorError(
                f"instrument {name}: setting 'capacity_unit' wants {' or '.join(SCCM_PER_UNIT)}, found {unit!r}."
            )
        address = settings.get("address", 1)
        if type(address) is not int or not 1 <= address <= 247:
            raise OperatorError(f"instrument {name}: setting 'address' wants 1 to 247, found {address!r}.")
        self._unit = address
        self._capacity_unit = unit
        self.max_flow_sccm: float = full_scale
        self._sccm_per_count = full_scale / FULL_SCALE_COUNTS
        self.flow_sccm = Tag(f"{name}.flow_sccm", "sccm")
        self.set_point_sccm = Tag(f"{name}.set_point_sccm", "sccm")
        self.alarm = Tag(f"{name}.alarm", "")
        self.polls = [
            Poll(f"{name}.flow", (self.flow_sccm,), self._read_flow, 0.2),
            Poll(f"{name}.set_point", (self.set_point_sccm, self.alarm), self._read_set_point, 1.0),
        ]

    @property
    def bus_address(self) -> int:
        """See `Driver.bus_address`: the unit number of every frame, both ways; a gateway has one link for all."""
        return self._unit

    def identify(self, link: ModbusLink) -> Identity:
        """By its capacity, which must be that of the chamber file. Raises InstrumentError."""
        high, low = link.read_registers(self._unit, CAPACITY, 2, self.DEADLINE_S)
        capacity: float = struct.unpack(">f", struct.pack(">HH", high, low))[0]
        sccm = capacity * SCCM_PER_UNIT[self._capacity_unit]
        if not abs(sccm - self.max_flow_sccm) <= 1e-3 * self.max_flow_sccm:
            raise InstrumentError(
                f"{self.name}: the controller's full scale is {capacity:g} {self._capacity_unit}, the chamber file "
                f"says {self.max_flow_sccm:g} sccm. Correct 'full_scale' or 'capacity_unit', or choose its fluid set."
            )
        return Identity(model=f"Bronkhorst MFC, {capacity:g} {self._capacity_unit}")

    def prepare(self, link: ModbusLink) -> None:
        """Control by set points from the bus; changes nothing. Raises InstrumentError if it is not so."""
        (mode,) = link.read_registers(self._unit, CONTROL_MODE, 1, self.DEADLINE_S)
        if mode not in MODES:
            raise InstrumentError(
                f"{self.name}: control mode is {mode}: set points from the bus would not count. "
                f"Set it to {' or '.join(map(str, MODES))} with the maker's tool."
            )

    def _read_flow(self, link: ModbusLink) -> Answer:
        (counts,) = link.read_registers(self._unit, MEASURE, 1, self.DEADLINE_S)
        if counts > MOST_COUNTS:
            raise BadFrame(f"measure {counts} is above {MOST_COUNTS}")
        return (counts * self._sccm_per_count,)

    def _read_set_point(self, link: ModbusLink) -> Answer:
        (counts,) = link.read_registers(self._unit, SET_POINT, 1, self.DEADLINE_S)
        (alarm,) = link.read_registers(self._unit, ALARM, 1, self.DEADLINE_S)
        if counts > FULL_SCALE_COUNTS:
            raise BadFrame(f"set point {counts} is above {FULL_SCALE_COUNTS}")
        return (counts * self._sccm_per_count, alarm & 0xFF)

    def set_flow(self, flow_sccm: float) -> Act:
        """Write the set point, to the nearest 1/32000 of full scale, and read it back; zero is a SAFE act.

        Raises OperatorError outside 0 .. max_flow_sccm; never clips.
        """
        if not 0.0 <= flow_sccm <= self.max_flow_sccm:
            raise OperatorError(
                f"{self.name}: flow {flow_sccm:g} sccm is outside 0 to {self.max_flow_sccm:g} sccm, the controller's "
                "full scale. Nothing was sent."
            )
        counts = round(flow_sccm / self._sccm_per_count)

        def do(link: ModbusLink) -> None:
            link.write_register(self._unit, SET_POINT, counts, self.DEADLINE_S)
            (held,) = link.read_registers(self._unit, SET_POINT, 1, self.DEADLINE_S)
            if held != counts:
                raise InstrumentError(
                    f"{self.name}: set point {counts} of {FULL_SCALE_COUNTS} was written and {held} is held. "
                    "Check its control mode and set-point limits."
                )

        return self.post("set_flow", do, priority=COMMAND if counts else SAFE)
