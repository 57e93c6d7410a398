"""Wires the rooms together for a simulated chamber: drivers, links in memory, workers, and the bench they talk to.

The only module of pvdctl that knows the simulators, and it imports them only when a simulated chamber is asked for.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pvdctl.chamber.model import Chamber, SerialLine
from pvdctl.cli.equip import make_drivers, make_equipment
from pvdctl.cli.lines import drivers_by_link
from pvdctl.clock import RealClock, VirtualClock
from pvdctl.errors import OperatorError
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.roles import (
    FlowController,
)
from pvdctl.links.loopback import LoopbackLink
from pvdctl.links.modbus_loopback import ModbusLoopbackLink
from pvdctl.links.schedule import VirtualSchedule
from pvdctl.links.worker import Worker

if TYPE_CHECKING:
    from simulators.bench import Bench
    from simulators.plant.truth import Truth
    from simulators.server.loop import Server
    from simulators.server.truth import TruthSocket


def fault_menu() -> dict[str, str]:
    """What can go wrong in a simulated chamber: name, and what it does with its arguments."""
    from simulators.faults import menu

    return menu()


def fault_form() -> str:
    """How a fault is asked for, in words."""
    from simulators.faults import FORM

    return FORM


def judge_fault(text: str, links: Sequence[str], steps: Sequence[str]) -> None:
    """Whether a fault can happen in a run: it exists, and so do its link and the step it waits for.

    links: names of instruments. Raises OperatorError. (Phases are not known before a step runs.)
    """
    from simulators.faults import near_miss, parse

    try:
        fault = parse(text)
        if fault.link is not None and fault.link not in links:
            raise ValueError(f"fault {text!r}: there is no instrument {fault.link!r}{near_miss(fault.link, links)}")
        if fault.at_s is None and fault.step not in ("*", *steps):
            raise ValueError(f"fault {text!r}: the recipe has no step {fault.step!r}{near_miss(fault.step, steps)}")
    except ValueError as error:
        raise OperatorError(str(error)) from error


def make_bench(
    chamber: Chamber,
    drivers: Mapping[str, Driver],
    seed: int,
    faults: Sequence[str] = (),
    parameters: object | None = None,
) -> "Bench":
    """The plant and the simulated twin of each instrument of the chamber file. Raises OperatorError."""
    from simulators.bench import Bench
    from simulators.cables import Cable

    programmed = {source.supply: source.program for source in chamber.sources.values()}
    cables = [
        Cable(chamber.monitor.instrument, program.output, supply)
        for supply, program in programmed.items()
        if program is not None and chamber.control == "sqc310"
    ]
    try:
        return Bench(seed, _fitted(chamber, drivers), parameters, faults, cables=cables)
    except ValueError as error:
        raise OperatorError(f"simulated chamber {chamber.chamber}: {error}") from error


def make_server(
    bench: "Bench", ports: Sequence[Mapping[str, Any]], speed: float, truth: tuple[str, int] | None
) -> tuple["Server", "TruthSocket | None"]:
    """The bench behind real ports of this machine, each as `simulators.server.connectors.Wanted` has it.

    truth: host and port of the socket for tests, if there is to be one. Raises OperatorError for a port that cannot be
    opened.
    """
    from simulators.server.connectors import Wanted
    from simulators.server.loop import Server
    from simulators.server.truth import TruthSocket

    clock = RealClock()
    try:
        server = Server(bench, [Wanted(**port) for port in ports], lambda: clock.now_s, speed)
        try:
            return server, TruthSocket(server, *truth) if truth is not None else None
        except ValueError:
            server.close()
            raise
    except ValueError as error:
        raise OperatorError(str(error)) from error


class SimulatedChamber:
    """A chamber file's instruments, simulated in memory over one plant, in virtual time."""

    def __init__(
        self, chamber: Chamber, seed: int, faults: Sequence[str] = (), parameters: object | None = None
    ) -> None:
        self.clock = VirtualClock()
        self.drivers = make_drivers(chamber)
        self.bench: Bench = make_bench(chamber, self.drivers, seed, faults, parameters)
        by_link = drivers_by_link(chamber, self.drivers)
        self.workers = [self._worker(chamber, link, drivers) for link, drivers in by_link.items()]
        self.schedule = BenchSchedule(VirtualSchedule(self.workers, self.clock), self.bench)
        self.equipment = make_equipment(chamber, self.drivers, self.workers)

    def _worker(self, chamber: Chamber, link: str, drivers: list[Driver]) -> Worker:
        line = chamber.links[link]
        port = self.bench.line([driver.name for driver in drivers])
        carrier: Any
        if drivers[0].SPEAKS == "modbus":
            carrier = ModbusLoopbackLink(link, port, self.clock)
        else:
            carrier = LoopbackLink(link, port, self.clock, line.baud if isinstance(line, SerialLine) else 0)
        return Worker(carrier, drivers, self.clock)

    @property
    def truth(self) -> "Truth":
        """What the plant knows and no instrument tells."""
        from simulators.plant.plant import Plant

        plant = self.bench.plant
        assert isinstance(plant, Plant)
        return plant.truth

    def exchanges(self) -> dict[str, int]:
        """Completed exchanges per link's instruments."""
        return {", ".join(driver.name for driver in w.drivers): w.link.exchanges for w in self.workers}


class BenchSchedule:
    """Lets the bench's faults and watchdogs happen in step with the workers."""

    def __init__(self, schedule: VirtualSchedule, bench: "Bench") -> None:
        self._run_until = schedule.run_until
        self._advance = bench.advance

    def run_until(self, until_s: float) -> None:
        """Workers first, then the plant up to the same moment."""
        run_until, advance = self._run_until, self._advance
        run_until(until_s)
        advance(until_s)


def _fitted(chamber: Chamber, drivers: Mapping[str, Driver]) -> dict[str, Any]:
    """What the bench needs to know to build each instrument's simulated twin."""
    from simulators.bench import Fitted

    fitted = {}
    for name, instrument in chamber.instruments.items():
        settings: dict[str, object] = {}
        plain = drivers[name].settings
        if name == chamber.io.instrument:
            settings["outputs"] = {bit: n for n, bit in chamber.io.outputs.items()} | {
                chamber.io.heartbeat.output: "heartbeat"
            }
            settings["inputs"] = {bit: n for n, bit in chamber.io.inputs.items()}
        elif "gauges" in plain:
            by_channel = {channel: gauge for gauge, channel in plain["gauges"].items()}
            settings["sensors"] = tuple(by_channel[channel] for channel in sorted(by_channel))
        elif "max_current_a" in plain:
            settings["rated_amps"], settings["rated_volts"] = plain["max_current_a"], plain["max_voltage_v"]
        if "address" in plain:
            settings["address"] = plain["address"]
        if isinstance(drivers[name], FlowController):  # one that no gas of the file goes through stands for itself
            leads = [gas_name for gas_name, gas in chamber.gases.items() if name == gas.flow_controller]
            settings["gas"], settings["full_scale_sccm"] = "".join(leads), plain["full_scale_sccm"]
            settings["in_millilitres"] = plain.get("capacity_unit") == "mln/min"
        if chamber.control == "sqc310":
            settings |= _set_at_the_front(chamber, name)
        fitted[name] = Fitted(instrument.driver, settings)
    return fitted


FULL_SCALE_V = 10.0
"""Of the monitor's output and the supply's program input (SQC-310 074-550, p. 7-9: voltage scale)."""


def _set_at_the_front(chamber: Chamber, name: str) -> dict[str, object]:
    """What somebody sets at the instruments themselves where the monitor controls the rate.

    Most power and slew of each layer at the monitor, programming by voltage at the supply.
    """
    if name == chamber.monitor.instrument:
        limits = {}
        for film in chamber.films.values():
            source = chamber.sources[film.source]
            if source.program is not None:
                percent = 100.0 / source.program.full_scale_a
                limits[film.monitor_slot] = (source.max_current_a * percent, source.max_slew_a_per_s * percent)
        return {"limits": limits}
    if any(source.supply == name for source in chamber.sources.values()):
        return {"analogue_volts": FULL_SCALE_V}
    return {}
