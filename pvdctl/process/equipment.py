"""What the process is given to work with: instruments by role, with the chamber file that says what they are for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pvdctl.chamber.model import Chamber
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
from pvdctl.process.link_watch import LostLink
from pvdctl.process.outputs import Output, Outputs


def _nothing_is_kept() -> None:
    """Workers that run inline run after the scan, when its events are on the disk already."""


@dataclass(frozen=True)
class Equipment:
    """The chamber's instruments by role; made by whoever wires the rooms together.

    notices: returns, and forgets, what links have reported since the last call: (when, who, text).
    lost_links: the links whose instruments do not answer now.
    identities: instrument name to what it said it is; empty text while it has not.
    release: lets the acts asked for so far reach the instruments, where something keeps them until they are recorded.
    """

    chamber: Chamber
    io: DigitalIO
    monitor: RateMonitor
    supplies: Mapping[str, Supply]
    gauge_controllers: Mapping[str, GaugeController]
    turbo_name: str
    turbo: Turbo
    polls: tuple[Poll, ...]
    notices: Callable[[], list[tuple[float, str, str]]]
    identities: Callable[[], dict[str, str]]
    release: Callable[[], None] = _nothing_is_kept
    lost_links: Callable[[], list[LostLink]] = list
    flow_controllers: Mapping[str, FlowController] = field(default_factory=dict)
    """By instrument, for the gases that have one."""
    rate_controller: RateController | None = None
    """The monitor once more, where it controls the rate itself (`control: sqc310`); else None."""

    def make_outputs(self) -> Outputs:
        """Every output of the chamber: actuators and other PLC outputs, supplies, turbo, ion gauges, gas flows."""
        chamber = self.chamber
        found: list[Output] = []
        driven = {actuator.output: name for name, actuator in chamber.actuators.items()}
        for output in chamber.io.outputs:
            found.append(Output(driven.get(output, output), "digital"))
        for name in self.supplies:
            found.append(Output(f"{name}.output", "supply"))
            found.append(Output(f"{name}.current", "current"))
        found.append(Output(f"{self.turbo_name}.run", "turbo"))
        for name, gauge in chamber.gauges.items():
            if gauge.ion:
                found.append(Output(f"{name}.on", "gauge"))
        found += [Output(f"{name}.flow", "flow") for name in self.flow_controllers]
        return Outputs(found)
