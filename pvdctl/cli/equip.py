"""From a chamber file to its drivers, and from these to the equipment that the process sees. No port, no simulator."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pvdctl.chamber.model import Chamber, Instrument
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
from pvdctl.links.worker import Worker
from pvdctl.process.equipment import Equipment
from pvdctl.process.link_watch import LostLink
from pvdctl.quantities import parse, split_name


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

    def lost_links() -> list[LostLink]:
        return [LostLink(each.link.name, *lost) for each in workers if (lost := each.lost) is not None]

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
        lost_links=lost_links,
        identities=lambda: {name: str(d.identity) if d.identity is not None else "" for name, d in drivers.items()},
        rate_controller=(
            None
            if chamber.control == "host"
            else _role(chamber, drivers, chamber.monitor.instrument, RateController, "the controller of the rate")
        ),
    )
