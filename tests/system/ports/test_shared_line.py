"""Two flow controllers behind one Modbus gateway: in memory and over a real port, told apart by their unit numbers."""

from pathlib import Path
from typing import Any

import pytest

from pvdctl.chamber.load import LoadedChamber, parse_chamber
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.recipe.load import load_recipe
from tests.system.ports.served import needs_ptys, served
from tests.system.ports.stepped import stepped

RECIPE = """\
recipe: by_flow
version: "1"
title: A little nitrogen by its flow controller
steps:
  - {do: evacuate, name: rough, below: 1 mbar, within: 20 min}
  - {do: backfill, name: nitrogen, gas: n2, pressure: 20 mbar, tolerance: 5 mbar, duration: 5 s,
     duration_starts: at_pressure, within: 5 min, flow: 10 slm}
"""
CONTROLLER = """\
  {name}:
    driver: bronkhorst_mfc
    link: gateway
    settings: {{address: {address}{more}}}
"""


def chamber() -> LoadedChamber:
    """The shipped chamber with a flow controller in the nitrogen line, and another that no gas of the file uses."""
    text = chamber_file().read_text(encoding="utf-8")
    both = CONTROLLER.format(name="mfc_n2", address=11, more="") + CONTROLLER.format(
        name="mfc_purge", address=12, more=", full_scale: 2 slm"
    )
    for before, after in (
        ("instruments:\n", "  gateway: {kind: modbus_tcp, host: 192.0.2.22}\n\ninstruments:\n"),
        ("poll_groups:\n", f"{both}\npoll_groups:\n"),
        ("gauges.pressures]", "gauges.pressures, mfc_n2.flow, mfc_purge.flow]"),
        ("plc.watchdog]", "plc.watchdog, mfc_n2.set_point, mfc_purge.set_point]"),
        ("    valve: n2_valve\n", "    valve: n2_valve\n    flow_controller: mfc_n2\n    max_flow: 20 slm\n"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    return parse_chamber(text.encode(), "by_flow.yaml")


def recipe(folder: Path) -> Path:
    file = folder / "by_flow.yaml"
    file.write_text(RECIPE, encoding="utf-8")
    return file


def flows_of(run: Any, flows: dict[str, float]) -> None:
    """Keep the greatest flow read of each controller."""
    for poll in run.controller.equipment.polls:
        if poll.name in ("mfc_n2.flow", "mfc_purge.flow") and poll.values is not None:
            flows[poll.name] = max(flows.get(poll.name, 0.0), poll.values[0])


def judge(result: dict[str, Any], flows: dict[str, float]) -> None:
    (nitrogen,) = result["exposures"]
    assert nitrogen["peak_mbar"] == pytest.approx(20.0, abs=5.0)
    assert flows["mfc_n2.flow"] == pytest.approx(10000.0, rel=0.01)
    assert flows["mfc_purge.flow"] == pytest.approx(0.0, abs=10.0)


def test_in_memory(tmp_path: Path) -> None:
    flows: dict[str, float] = {}
    run = Simulation(
        load_recipe(recipe(tmp_path)), chamber(), seed=1, directory=tmp_path / "record",
        on_scan=lambda run: flows_of(run, flows),
    )  # fmt: skip
    result = run.run()
    assert result["end_state"] == "Complete", result["end_reason"]
    assert result["exchanges"]["mfc_n2, mfc_purge"] > 1000
    judge(result, flows)


@needs_ptys
def test_over_a_port(tmp_path: Path) -> None:
    flows: dict[str, float] = {}
    file = tmp_path / "chamber.yaml"
    file.write_text(chamber().text, encoding="utf-8")
    with served(tmp_path, "--speed", "0", "--chamber", str(file)) as served_chamber:
        run = stepped(
            recipe(tmp_path),
            served_chamber.file,
            served_chamber.truth_at,
            tmp_path / "record",
            on_scan=lambda run: flows_of(run, flows),
        )
        assert run.run() == ("Complete", "recipe done")
    judge(run.result, flows)
    (gateway,) = [worker for worker in run.workers if worker.link.name == "gateway"]
    assert [driver.name for driver in gateway.drivers] == ["mfc_n2", "mfc_purge"]
    assert not gateway.health.time_outs


def test_one_that_falls_silent_takes_the_others_readings_with_it(tmp_path: Path) -> None:
    """A link is believed again only when all of its instruments have said who they are; old values never stay good."""
    stale: list[str] = []

    def look(run: Any) -> None:
        stale.extend(poll.name for poll in run.controller.equipment.polls if poll.stale and run.now_s > 10.0)

    run = Simulation(
        load_recipe(recipe(tmp_path)), chamber(), seed=1, directory=tmp_path / "record", on_scan=look,
        faults=("mute@nitrogen.fill+1s:link=mfc_purge",),
    )  # fmt: skip
    result = run.run()
    assert set(stale) == {"mfc_n2.flow", "mfc_n2.set_point", "mfc_purge.flow", "mfc_purge.set_point"}
    assert result["end_state"] == "Complete", "the valve and the gauge end the dose, whatever the controller says"
