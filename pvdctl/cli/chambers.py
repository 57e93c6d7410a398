"""Reads a chamber file as the commands do: against the drivers there are, and what they can hold."""

from pathlib import Path

from pvdctl.chamber.load import LoadedChamber, load_chamber
from pvdctl.cli.shipped import driver_names
from pvdctl.instrument.crystal_monitor import CrystalMonitor
from pvdctl.instrument.driver import find
from pvdctl.instrument.monitor_limits import MonitorLimits


def monitor_limits(driver: str) -> MonitorLimits | None:
    """What a rate monitor with this driver can hold; None if it is no crystal monitor's. Imports that driver alone."""
    kind = find(driver)
    return kind.LIMITS if issubclass(kind, CrystalMonitor) else None


def chamber_from(path: Path) -> LoadedChamber:
    """The chamber of this file. Raises BadFile naming every problem with file, line and column."""
    return load_chamber(path, driver_names(), monitor_limits)
