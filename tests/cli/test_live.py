"""What a simulation shows while it runs, and at its end: fits the terminal, says SIMULATED, tells state in words."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.live import LivePicture
from pvdctl.cli.outcome import print_outcome
from pvdctl.cli.progress import watch
from pvdctl.cli.simulation import Simulation
from pvdctl.recipe.load import load_recipe
from pvdctl.recipe.plan import Plan, plan
from tests.cli.command import CHAMBER, LI3N

STOP_AFTER_S = 760.0
"""Virtual time at which the lithium is being deposited (pump-down 343 s, conditioning 225 s)."""


class Seen:
    """A run of li3n with a picture at one moment, the last picture, and the outcome; as plain text."""

    def __init__(self, width: int, directory: Path, faults: tuple[str, ...] = ()) -> None:
        self.width = width
        self.console = Console(width=width, file=io.StringIO(), force_terminal=False, highlight=False)
        recipe, chamber = load_recipe(LI3N), load_chamber(CHAMBER)
        self.live = LivePicture(plan(recipe, chamber), 5, self.console)
        self.middle = ""
        simulation = Simulation(recipe, chamber, seed=5, directory=directory, on_scan=self.look, faults=faults)
        result = simulation.run()
        self.last = self._text(lambda: self.console.print(self.live.last_picture(simulation)))
        self.outcome = self._text(lambda: print_outcome(result, self.console))

    def look(self, simulation: Simulation) -> None:
        self.live.scan(simulation)
        if not self.middle and simulation.now_s >= STOP_AFTER_S:
            self.middle = self._text(lambda: self.console.print(self.live.picture()))

    def _text(self, draw: object) -> str:
        with self.console.capture() as captured:
            assert callable(draw)
            draw()
        text = captured.get()
        assert max(len(line) for line in text.splitlines()) <= self.width
        return text


@pytest.fixture(scope="module", params=[80, 120])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(request.param, tmp_path_factory.mktemp("record"))


def test_the_picture_in_the_middle(seen: Seen) -> None:
    lines = seen.middle.splitlines()
    assert lines[0].startswith(" SIMULATED   li3n 1")
    assert "provap, seed 5   Execute" in lines[1]
    assert "× real time" in lines[1]
    assert any(line.startswith(" ✓  pump_down") and "mbar" in line for line in lines)
    assert any(line.startswith(" ▶  lithium") and "deposit" in line for line in lines)
    assert any(line.strip().startswith("nitrogen") and "about" in line for line in lines)
    for what, unit in (("pressure", "mbar"), ("rate", "of 0.5 nm/s"), ("film", "of 100 nm"), ("current", "A  lithium")):
        assert any(line.startswith(f" {what}") and unit in line for line in lines), what
    assert "no alarm" in seen.middle
    assert "…" not in seen.middle


def test_the_last_picture(seen: Seen) -> None:
    assert seen.last.count("✓") == 5
    assert "Complete" in seen.last
    assert "nm Li at 0.50" in seen.last
    assert "mbar s" in seen.last


def test_the_outcome(seen: Seen) -> None:
    text = seen.outcome
    assert text.startswith(" SIMULATED ")
    for word in (
        "Complete: recipe done",
        "target",
        "read",
        "true",
        "error",
        "Li3N on Li",
        "calibrated to",
        "alarms  none",
    ):
        assert word in text, word
    assert "alarms  none" in text
    assert "sha256  " in text
    assert "pvdctl show" in text


def test_a_run_that_goes_wrong_says_so_on_every_screen(tmp_path: Path) -> None:
    seen = Seen(80, tmp_path, ("water_lost@lithium.deposit+10s",))
    assert " !  lithium" in seen.last
    assert "Aborted" in seen.last
    assert "! interlock.water" in seen.last
    assert "Aborted: interlock water" in seen.outcome
    assert "do: " in seen.outcome
    assert "fault   at" in seen.outcome


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def planned() -> Plan:
    return plan(load_recipe(LI3N), load_chamber(CHAMBER))


def test_a_terminal_gets_the_picture_and_a_pipe_lines(planned: Plan) -> None:
    assert isinstance(watch(planned, 1, Terminal(), quiet=False), LivePicture)
    assert isinstance(watch(planned, 1, Terminal(), quiet=True), LivePicture)
    assert watch(planned, 1, io.StringIO(), quiet=False) is not None
    assert watch(planned, 1, io.StringIO(), quiet=True) is None
