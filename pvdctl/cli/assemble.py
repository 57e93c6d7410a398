"""Wires the rooms together: chamber file, drivers, links, workers, process, and for a simulated chamber the bench.

The only module of pvdctl that knows the simulators, and it imports them only when a simulated chamber is asked for.
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pvdctl.chamber.model import Chamber, Instrument, SerialLine
from pvdctl.cli.lines import drivers_by_link
from pvdctl.clock import RealClock, VirtualClock
from pvdctl.errors import OperatorError
from pvdctl.instrument.driver import Driver, find
from pvdctl.instrument.poll import Poll
from pvdctl.instrument.roles import (
    DigitalIO,
    FlowController,
    GaugeController,
    RateController,
    RateMonitor,
    Supply,
    Turbo,
)
from pvdctl.links.loopback import LoopbackLink
from pvdctl.links.modbus_loopback import ModbusLoopbackLink
from pvdctl.links.schedule import VirtualSchedule
from pvdctl.links.worker import Worker
from pvdctl.process.equipment import Equipment
from pvdctl.quantities import parse, split_name

if TYPE_CHECKING:
    from simulators.bench import Bench
    from simulators.plant.truth import Truth
    from simulators.server.loop import Server
    from simulators.server.truth import TruthSocket


def plain_settings(name: str, instrument: Instrument, kind: type[Driver], chamber: Chamber) -> dict[str, Any]:
    """The instrument's settings as its driver wants them: quantities as numbers, and the chamber's own facts added.

    Raises OperatorError for a quantity in the wrong unit.
    """
    by_alias = {split_name(key)[0]: key for key in kind.SETTINGS}
    settings: dict[str, Any] = {}
    for alias, value in instrument.settings.items():
        key = by_alias.get(alias, alias)
        unit = split_name(key)[1]
        if unit is not None and key in kind.SETTINGS:
            try:
                value = parse(value, unit)
            except ValueError as error:
                raise OperatorError(
                    f"chamber {chamber.chamber}: instrument {name}: setting '{alias}': {error}"
                ) from error
        settings[key] = value
    if name == chamber.io.instrument:
        io = chamber.io
        settings["outputs"], settings["inputs"] = dict(io.outputs), dict(io.inputs)
        settings["heartbeat"] = io.heartbeat.output
        settings["watchdog_ms"] = round(1000.0 * io.heartbeat.watchdog_s)
    if name == chamber.monitor.instrument:
        settings.setdefault("sensors", list(chamber.monitor.sensors))
    for gas in chamber.gases.values():
        if name == gas.flow_controller:
            settings["full_scale_sccm"] = gas.max_flow_sccm
    gauges = {gauge_name: gauge.channel for gauge_name, gauge in chamber.gauges.items() if gauge.instrument == name}
    if gauges:
        settings["gauges"] = gauges
    return settings


def make_drivers(chamber: Chamber) -> dict[str, Driver]:
    """One driver per instrument of the chamber file. Raises OperatorError."""
    drivers = {}
    for name, instrument in chamber.instruments.items():
        kind = find(instrument.driver)
        drivers[name] = kind(name, plain_settings(name, instrument, kind, chamber))
    _set_cadences(chamber, drivers)
    if chamber.control != "host":
        _supervise(chamber, drivers[chamber.monitor.instrument])
    return drivers


def _supervise(chamber: Chamber, driver: Driver) -> None:
    """While the monitor controls the rate its phase, power and deviation have a cadence of their own."""
    controller: RateController = _role(
        chamber, {driver.name: driver}, driver.name, RateController, "the controller of the rate"
    )
    for poll in controller.supervision:
        poll.every_s, poll.stale_s = chamber.monitor.supervise_every_s, chamber.monitor.supervise_stale_after_s
    driver.polls += [poll for poll in controller.supervision if poll not in driver.polls]


def _set_cadences(chamber: Chamber, drivers: Mapping[str, Driver]) -> None:
    """Give each poll the cadence of its group; a poll that no group names is not run."""
    every = {poll.name: poll for driver in drivers.values() for poll in driver.polls}
    wanted: dict[str, Poll] = {}
    for group_name, group in chamber.poll_groups.items():
        for poll_name in group.polls:
            poll = every.get(poll_name)
            if poll is None:
                near = difflib.get_close_matches(poll_name, every, n=3, cutoff=0.4)
                raise OperatorError(
                    f"chamber {chamber.chamber}: poll group {group_name}: no instrument has a poll '{poll_name}'; "
                    f"did you mean {' or '.join(near) or ', '.join(every)}?"
                )
            if poll_name in wanted:
                raise OperatorError(f"chamber {chamber.chamber}: poll '{poll_name}' is in two poll groups; keep one")
            poll.every_s, poll.stale_s = group.every_s, group.stale_after_s
            wanted[poll_name] = poll
    for driver in drivers.values():
        driver.polls = [poll for poll in driver.polls if poll.name in wanted]


def _role(chamber: Chamber, drivers: Mapping[str, Driver], name: str, role: Any, what: str) -> Any:
    driver = drivers[name]
    if not isinstance(driver, role):
        raise OperatorError(
            f"chamber {chamber.chamber}: instrument {name} is to be {what}; its driver "
            f"({chamber.instruments[name].driver}) is none"
        )
    return driver


def make_equipment(chamber: Chamber, drivers: Mapping[str, Driver], workers: Sequence[Worker]) -> Equipment:
    """The instruments by role. Raises OperatorError if a driver cannot play the role the chamber file gives it."""
    supplies = {s.supply: _role(chamber, drivers, s.supply, Supply, "a supply") for s in chamber.sources.values()}
    controllers = {
        g.instrument: _role(chamber, drivers, g.instrument, GaugeController, "a gauge controller")
        for g in chamber.gauges.values()
    }

    flow_controllers = {
        gas.flow_controller: _role(chamber, drivers, gas.flow_controller, FlowController, "a flow controller")
        for gas in chamber.gases.values()
        if gas.flow_controller is not None
    }

    queues = tuple(worker.notices for worker in workers)

    def notices() -> list[tuple[float, str, str]]:
        found: list[tuple[float, str, str]] = []
        if any(queues):
            for queue in queues:
                while queue:
                    found.append(queue.popleft())
        return found

    return Equipment(
        chamber=chamber,
        io=_role(chamber, drivers, chamber.io.instrument, DigitalIO, "digital I/O"),
        monitor=_role(chamber, drivers, chamber.monitor.instrument, RateMonitor, "the rate monitor"),
        supplies=supplies,
        gauge_controllers=controllers,
        flow_controllers=flow_controllers,
        turbo_name=chamber.vacuum.turbo,
        turbo=_role(chamber, drivers, chamber.vacuum.turbo, Turbo, "the turbo"),
        polls=tuple(poll for driver in drivers.values() for poll in driver.polls),
        notices=notices,
        identities=lambda: {name: str(d.identity) if d.identity is not None else "" for name, d in drivers.items()},
        rate_controller=(
            None
            if chamber.control == "host"
            else _role(chamber, drivers, chamber.monitor.instrument, RateController, "the controller of the rate")
        ),
    )


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
        self._run_until(until_s)
        self._advance(until_s)


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
