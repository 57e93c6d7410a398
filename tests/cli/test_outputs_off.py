"""A chamber whose control loop has failed is switched off without it, one thing after the other, whatever refuses."""

import pytest

from pvdctl.chamber.load import load_chamber
from pvdctl.cli import real
from pvdctl.clock import RealClock
from pvdctl.errors import InstrumentError
from pvdctl.instrument.poll import SAFE, Act
from pvdctl.links.worker import Worker
from tests.cli.command import ROOT


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[Act]:
    """Acts that have reached a worker; none is run, and nobody waits for them."""
    acts: list[Act] = []
    monkeypatch.setattr(Worker, "post", lambda worker, act: acts.append(act))
    monkeypatch.setattr(real, "OFF_WITHIN_S", 0.0)
    return acts


def chamber() -> real.RealChamber:
    return real.RealChamber(load_chamber(ROOT / "simulators" / "provap.yaml").model, RealClock())


def test_supplies_and_the_plc_are_asked_without_a_scan(posted: list[Act]) -> None:
    assert chamber().outputs_off() == []
    off, *others = posted
    assert (off.name, off.priority) == ("boat_supply.output", SAFE)
    assert [act.name for act in others] == ["plc.write"]


def test_a_supply_that_refuses_keeps_nothing_else_from_going_off(
    posted: list[Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = chamber()

    def refuse(on: bool) -> Act:
        raise InstrumentError("boat_supply: no.")

    (supply,) = broken.equipment.supplies.values()
    monkeypatch.setattr(supply, "set_output", refuse)
    assert broken.outputs_off() == ["boat_supply: no."]
    assert [act.name for act in posted] == ["plc.write"]
