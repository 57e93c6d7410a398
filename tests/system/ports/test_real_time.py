"""The control loop in real time over real ports: on its beat, whatever an instrument does."""

from pathlib import Path
from typing import Any

import pytest

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.real_run import RealRun
from pvdctl.cli.shipped import driver_names
from pvdctl.recipe.load import load_recipe
from tests.system.ports.served import Chamber, needs_ptys, served

PAUSE = Path(__file__).parent / "pause.yaml"
LINKS = ("monitor", "boat_supply", "gauges", "turbo", "plc")

pytestmark = needs_ptys


def watched(chamber: Chamber, folder: Path, recipe: Path = PAUSE, on_scan: Any = None) -> RealRun:
    """A run in this process, of which everything can be looked at."""
    return RealRun(
        load_recipe(recipe),
        load_chamber(chamber.file, driver_names()),
        directory=folder / "record",
        operator="tester",
        on_scan=on_scan,
    )


@pytest.mark.parametrize("mute", ["monitor", "plc"])
def test_a_mute_instrument_delays_no_scan(mute: str, tmp_path: Path) -> None:
    """Its readings grow old and are acted on; the other instruments and the beat do not notice."""
    with served(tmp_path) as chamber:
        muted_s: list[float] = []
        bad_s: list[float] = []

        def on_scan(run: RealRun) -> None:
            controller = run.controller
            poll = next(p for p in run.real.drivers[mute].polls if p.name in ("monitor.sensors", "plc.inputs"))
            if controller.unit.state.name == "EXECUTE" and not muted_s:
                chamber.fault(f"mute@now:link={mute}")
                muted_s.append(run.now_s)
            elif muted_s and not bad_s and poll.stale:
                bad_s.append(run.now_s)

        run = watched(chamber, tmp_path, on_scan=on_scan)
        result = run.run()
        figures = result["timing"]
        others = [link for link in result["links"] if mute not in link["instruments"]]
    assert muted_s
    assert bad_s, "its readings must have become bad"
    assert bad_s[0] - muted_s[0] < 0.5 + 0.1 + 0.4, "age limit, a scan, and what this machine may lag"
    assert figures["longest_ms"] < 250.0, "a scan that waited for a deadline would take 300 ms more"
    assert figures["late_p50_ms"] < 5.0
    assert all(link["up"] and not link["time_outs"] for link in others)
    (its,) = [link for link in result["links"] if mute in link["instruments"]]
    assert its["time_outs"] > 0
    assert its["up"] is False


def test_gone_and_back_without_a_restart(tmp_path: Path) -> None:
    """The turbo's cable is pulled and put back within its readings' age limit: one lost, one back, nothing held."""
    with served(tmp_path) as chamber:
        told: list[float] = []

        def on_scan(run: RealRun) -> None:
            if run.controller.unit.state.name == "EXECUTE" and not told:
                told.append(run.now_s)
                chamber.ask("unplug", instrument="turbo")
            elif len(told) == 1 and run.now_s - told[0] > 0.4:
                told.append(run.now_s)
                chamber.ask("plug", instrument="turbo")

        run = watched(chamber, tmp_path, on_scan=on_scan)
        result = run.run()
    assert len(told) == 2
    assert result["end_state"] == "Complete", result["end_reason"]
    (turbo,) = [link for link in result["links"] if "turbo" in link["instruments"]]
    assert turbo["up"]
    assert turbo["reconnects"] == 1


@pytest.mark.soak
@pytest.mark.parametrize("mute", [None, *LINKS])
def test_scans_start_within_5_ms(mute: str | None, tmp_path: Path) -> None:
    """A minute each; `tests.benchmarks ports` measures the hour."""
    recipe = tmp_path / "minute.yaml"
    recipe.write_text(PAUSE.read_text().replace("3 s", "60 s"))
    with served(tmp_path) as chamber:
        muted: list[float] = []

        def on_scan(run: RealRun) -> None:
            if mute and not muted and run.controller.unit.state.name == "EXECUTE":
                muted.append(run.now_s)
                chamber.fault(f"mute@now:link={mute},for=20s")

        timing = watched(chamber, tmp_path, recipe, on_scan).run()["timing"]
    assert timing["lost"] == 0
    assert timing["late_p99_ms"] <= 5.0
