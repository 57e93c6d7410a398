"""Backfill by flow: the mass flow controller sets the pace, the capacitance gauge ends it, and nothing flows after."""

from pathlib import Path
from typing import Any

import pytest

from pvdctl.chamber.load import LoadedChamber, parse_chamber
from pvdctl.chamber.problems import BadFile
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.quantities import MBAR_L_PER_S_PER_SCCM
from pvdctl.recipe.check import check
from pvdctl.recipe.load import LoadedRecipe, parse_recipe
from simulators.plant.plant import Plant

VOLUME_L = 70.0
RECIPE = """\
recipe: flow_fill
version: "1"
title: Nitrogen by flow
source: nowhere
steps:
  - do: evacuate
    name: rough
    below: 1 mbar
    within: 20 min
  - do: backfill
    name: nitrogen
    gas: n2
    pressure: 100 mbar
    tolerance: 10 mbar
    duration: 20 s
    duration_starts: at_pressure
    within: 5 min{flow}
  - do: evacuate
    name: evacuate
    below: 1 mbar
    within: 20 min
"""


def chamber(capacity: str = "ln/min") -> LoadedChamber:
    """The shipped chamber with a flow controller of 20 slm in its nitrogen line."""
    text = chamber_file().read_text()
    for before, after in (
        ("instruments:\n", "  mfc_line:\n    kind: modbus_tcp\n    host: 192.0.2.22\n\ninstruments:\n"),
        (
            "poll_groups:\n",
            "  mfc:\n    driver: bronkhorst_mfc\n    link: mfc_line\n    settings:\n"
            f"      capacity_unit: {capacity}\n\npoll_groups:\n",
        ),
        ("gauges.pressures]", "gauges.pressures, mfc.flow]"),
        ("plc.watchdog]", "plc.watchdog, mfc.set_point]"),
        ("    valve: n2_valve\n", "    valve: n2_valve\n    flow_controller: mfc\n    max_flow: 20 slm\n"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    return parse_chamber(text.encode(), "with_mfc.yaml")


def recipe(flow: str = "") -> LoadedRecipe:
    return parse_recipe(RECIPE.format(flow=f"\n    flow: {flow}" if flow else "").encode(), "flow_fill.yaml")


def run(flow: str, directory: Path, faults: tuple[str, ...] = (), **more: Any) -> tuple[dict[str, Any], list[float]]:
    """What came of it, and the true flow of every scan, sccm."""
    flows: list[float] = []

    def watch(simulation: Simulation) -> None:
        plant = simulation.simulated.bench.plant
        assert isinstance(plant, Plant)
        flows.append(plant.gas_flow("n2") / MBAR_L_PER_S_PER_SCCM)

    simulation = Simulation(recipe(flow), chamber(**more), seed=1, directory=directory, faults=faults, on_scan=watch)
    return simulation.run(), flows


@pytest.mark.parametrize(("flow", "sccm"), [("5 slm", 5000.0), ("", 20000.0)])
def test_the_flow_sets_the_pace(flow: str, sccm: float, tmp_path: Path) -> None:
    result, flows = run(flow, tmp_path)
    assert result["end_state"] == "Complete", result["end_reason"]
    assert max(flows) == pytest.approx(sccm, rel=0.01)
    assert flows[-1] == 0.0
    (exposure,) = result["exposures"]
    assert exposure["peak_mbar"] == pytest.approx(100.0, abs=5.0)
    flowing_s = sum(flow > 0.5 * sccm for flow in flows) / 10.0
    assert flowing_s == pytest.approx(100.0 * VOLUME_L / (sccm * MBAR_L_PER_S_PER_SCCM), rel=0.25)  # the gas warms
    assert not result["alarms"]


def test_a_hold_in_the_fill_leaves_no_flow_that_waits_for_the_valve(tmp_path: Path) -> None:
    result, flows = run("5 slm", tmp_path, ("n2_supply_empty@nitrogen.fill+10s",))
    assert result["end_state"] in ("Held", "Suspended", "Stopped", "Aborted")
    assert flows[-1] == 0.0


def test_a_controller_that_counts_in_another_unit(tmp_path: Path) -> None:
    result, flows = run("5 slm", tmp_path, capacity="mln/min")
    assert result["end_state"] == "Complete", result["end_reason"]
    assert max(flows) == pytest.approx(5000.0, rel=0.01)


@pytest.mark.parametrize(("flow", "says"), [("21 slm", "at most 20 slm"), ("0 sccm", None), ("5 mbar", None)])
def test_flows_that_cannot_be(flow: str, says: str | None) -> None:
    if says is None:
        with pytest.raises(BadFile, match="flow"):
            recipe(flow)
        return
    (finding,) = [f for f in check(recipe(flow), chamber()) if f.severity == "error"]
    assert says in str(finding)


def test_a_flow_without_a_controller_is_found_by_the_check() -> None:
    from pvdctl.chamber.load import load_chamber

    (finding,) = [f for f in check(recipe("5 slm"), load_chamber(chamber_file())) if f.severity == "error"]
    assert "has no flow_controller" in str(finding)


def test_a_controller_without_its_greatest_flow_is_refused() -> None:
    text = chamber().text.replace("    max_flow: 20 slm\n", "")
    with pytest.raises(BadFile, match="flow_controller and max_flow together"):
        parse_chamber(text.encode(), "half.yaml")
