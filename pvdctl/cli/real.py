"""Assembles a chamber whose instruments are reached over real ports: links, workers on threads, equipment by role."""

from dataclasses import replace
from typing import Any

from pvdctl.chamber.model import Chamber, Line, ModbusLine, SerialLine, TcpLine
from pvdctl.cli.equip import make_drivers, make_equipment
from pvdctl.cli.lines import drivers_by_link
from pvdctl.clock import Clock
from pvdctl.errors import OperatorError, PvdctlError
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.poll import WAITING, Act
from pvdctl.links.health import health
from pvdctl.links.threads import ThreadedSchedule
from pvdctl.links.worker import Worker

OFF_WITHIN_S = 2.0
"""Time for the supplies and the PLC to be switched off without the control loop. A choice: twice the deadline an act
has of its own (1 s, `Driver.post`)."""


def make_link(name: str, line: Line, clock: Clock) -> Any:
    """A link for this line of the chamber file, not opened yet. Imports the port library it needs and no other.

    A `links.link.ModbusLink` for a Modbus line, else a `links.link.Link`. clock: monotonic, real.
    """
    if isinstance(line, ModbusLine):
        from pvdctl.links.modbus_tcp_link import ModbusTcpLink

        return ModbusTcpLink(name, line.host, line.port, clock)
    if isinstance(line, TcpLine):
        from pvdctl.links.tcp_link import tcp_link

        return tcp_link(name, line.host, line.port, clock)
    if isinstance(line, SerialLine):
        from pvdctl.links.serial_link import serial_link

        return serial_link(name, line.device, line.baud, clock)
    from pvdctl.links.visa_link import VisaLink

    return VisaLink(name, line.resource, clock)


def make_workers(chamber: Chamber, drivers: dict[str, Driver], clock: Clock) -> list[Worker]:
    """One worker per link that an instrument uses. Raises OperatorError for drivers on a link they cannot have."""
    for name, instrument in chamber.instruments.items():
        driver, line = drivers[name], chamber.links[instrument.link]
        speaks = "modbus" if isinstance(line, ModbusLine) else "bytes"
        if speaks != driver.SPEAKS:
            wanted = "modbus_tcp" if driver.SPEAKS == "modbus" else "serial, tcp or visa"
            raise OperatorError(
                f"chamber {chamber.chamber}: instrument {name}: driver {instrument.driver} needs a link of kind "
                f"{wanted}; {instrument.link} is {line.kind}"
            )
    by_link = drivers_by_link(chamber, drivers)
    return [Worker(make_link(link, chamber.links[link], clock), shared, clock) for link, shared in by_link.items()]


class RealChamber:
    """A chamber file's instruments on their ports. `schedule.start()` begins to talk to them, `schedule.stop()` ends.

    Raises OperatorError if the chamber file does not fit its drivers.
    """

    def __init__(self, chamber: Chamber, clock: Clock) -> None:
        self.clock = clock
        self.drivers = make_drivers(chamber)
        self.workers = make_workers(chamber, self.drivers, clock)
        self.schedule = ThreadedSchedule(self.workers, clock)
        self.equipment = replace(make_equipment(chamber, self.drivers, self.workers), release=self.schedule.release)

    def exchanges(self) -> dict[str, int]:
        """Completed exchanges per link's instruments."""
        return {", ".join(driver.name for driver in w.drivers): w.link.exchanges for w in self.workers}

    def health(self) -> list[dict[str, Any]]:
        """How each link is doing, see `links.health`."""
        return [health(worker, self.clock.now_s) for worker in self.workers]

    def outputs_off(self) -> list[str]:
        """Supplies off and PLC outputs off, each on its own, without the control loop: for when that has failed.

        Waits until it is done, at most OFF_WITHIN_S. Returns a sentence for each supply that could not be asked; its
        contactor, an output of the PLC, goes off all the same.
        """
        refused: list[str] = []
        acts: list[Act] = []
        for supply in self.equipment.supplies.values():
            try:
                acts.append(supply.set_output(False))
            except PvdctlError as error:
                refused.append(str(error))
        acts.append(self.equipment.io.write(0))
        self.schedule.release()
        self.schedule.wait_for(lambda: all(act.state != WAITING for act in acts), OFF_WITHIN_S)
        return refused
