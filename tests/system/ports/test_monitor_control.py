"""The rate in the SQC-310's hands over real ports: the unit's own loop runs in the served process, behind its pty."""

import random
from pathlib import Path
from typing import Any

import pytest

from pvdctl.cli.shipped import chamber_file
from tests.system.ports.served import needs_ptys, served
from tests.system.ports.stepped import stepped
from tests.system.ports.test_in_step import LZLN, SHORT, Moment, in_lzln, kill_and_restart

pytestmark = needs_ptys


def by_monitor(folder: Path) -> Path:
    """The shipped chamber's file with `control: sqc310`."""
    text = chamber_file().read_text(encoding="utf-8")
    assert text.count("\ncontrol: host ") == 1
    file = folder / "by_monitor.yaml"
    file.write_text(text.replace("\ncontrol: host ", "\ncontrol: sqc310 "), encoding="utf-8")
    return file


def make(recipe: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, Any]]:
    """A whole run in which pvdctl never programmes a current; the run and the truth after it."""
    with served(folder, "--speed", "0", "--chamber", str(by_monitor(folder))) as chamber:
        run = stepped(recipe, chamber.file, chamber.truth_at, folder / "record")
        equipment = run.controller.context.equipment
        assert equipment.rate_controller is not None
        for supply in equipment.supplies.values():
            monkeypatch.setattr(supply, "set_current", lambda current_a: pytest.fail(f"set_current({current_a})"))
        assert run.run() == ("Complete", "recipe done")
        truth = chamber.truth()
    for worker in run.workers:
        assert not worker.health.bad_frames, worker.link.name
    assert not any(order for name, order in truth["orders"].items() if "shutter" in name)
    assert truth["supply_amps"] < 0.5
    return run, truth


def test_a_short_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, truth = make(SHORT, tmp_path, monkeypatch)
    (zinc,) = run.result["layers"]
    assert zinc["read_nm"] == pytest.approx(10.0, abs=0.1)
    assert zinc["rate_mean_nm_s"] == pytest.approx(0.5, rel=0.05)
    assert truth["thickness_nm"]["Zn"] == pytest.approx(10.0, abs=0.3)


@pytest.mark.soak
def test_lzln(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures are those of the host's control (tests/system/test_sqc_control.py)."""
    run, truth = make(LZLN, tmp_path, monkeypatch)
    assert [layer["name"] for layer in run.result["layers"]] == ["zinc", "lithium"]
    assert truth["thickness_nm"]["Zn"] == pytest.approx(300.0, rel=0.005)
    assert truth["thickness_nm"]["Li"] == pytest.approx(100.0, rel=0.01)


def test_killed_while_the_unit_steers(tmp_path: Path) -> None:
    """The unit goes on by itself; the PLC takes the supply from it. After 34 lines both shutters are open."""
    kill_and_restart(SHORT, Moment(34), random.Random(5), tmp_path, "--chamber", str(by_monitor(tmp_path)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_killed_anywhere_in_lzln(seed: int, tmp_path: Path) -> None:
    chance = random.Random(2000 + seed)
    kill_and_restart(LZLN, in_lzln(chance), chance, tmp_path, "--chamber", str(by_monitor(tmp_path)))
