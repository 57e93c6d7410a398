"""The operator's story in a terminal: `pvdctl tui` in tmux, `pvdctl serve` on the real ports of a served chamber.

In real time, so the suite holds a run that only watches; the soak makes a film and holds it in the middle of the zinc.
"""

from pathlib import Path

import pytest

from pvdctl.client import Chamber
from pvdctl.clock import sleep_s
from tests.service.served import Served
from tests.system.ports.served import Chamber as Far
from tests.system.ports.served import environment, needs_ptys, served
from tests.system.ports.tmux import Tmux, needed, screens

pytestmark = needs_ptys

WATCH = """\
recipe: watch
version: "1"
title: Nothing is made; somebody watches, and holds
steps:
  - {do: wait, name: rest, duration: 12 s}
"""
HAND_S = 0.5
"""A hand's time between Enter and the next letter; keys that come in one burst stay in the line where they began."""
LINES = 160
"""More than the story of a run with a dozen commands has."""
SHORT = Path(__file__).parent / "short.yaml"


def test_an_operator_holds_resumes_and_vouches(tmp_path: Path) -> None:
    needed()
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "watch.yaml").write_text(WATCH)
    with served(tmp_path) as far:
        _story(far, tmp_path, "watch", ("rest",), within_s=60.0)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_an_operator_holds_a_film_in_the_making(tmp_path: Path) -> None:
    needed()
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "short_lzln.yaml").write_text(SHORT.read_text())
    with served(tmp_path) as far:
        _story(far, tmp_path, "short_lzln", ("zinc: deposit",), within_s=1500.0)
        film_nm = far.truth()["thickness_nm"]["Zn"]
    assert 9.5 < film_nm < 10.5  # held and resumed, and still 10 nm in truth


def _story(far: Far, folder: Path, recipe: str, where: tuple[str, ...], within_s: float) -> None:
    service = Served(folder, folder / "recipes", chamber=far.file)
    try:
        terminal = Tmux(folder, screens("--service", str(service.socket)), environment(), (120, 40))
        try:
            _act(terminal, service, recipe, where, within_s)
        finally:
            terminal.close()
    finally:
        assert service.end() == 0, service.log
    assert "Traceback" not in service.log, service.log


def _act(terminal: Tmux, service: Served, recipe: str, where: tuple[str, ...], within_s: float) -> None:
    # Open, and get ready.
    terminal.until("SIMULATED", "✗ Aborted", "host_start")
    terminal.press("g")
    terminal.until("Get the unit ready?")
    terminal.press("y")
    terminal.until("○ Idle", "in control: you")

    # Check and start.
    terminal.press("2")
    terminal.until(recipe, "step")
    terminal.press("Enter")
    terminal.until(f"Start {recipe} on provap?", "SIMULATED")
    for line in ("B12", "by tmux"):
        terminal.write(line)
        terminal.until(line)
        terminal.press("Enter")
        sleep_s(HAND_S)
    terminal.press("y")
    terminal.until("▶ Execute", *where, within_s=within_s)

    # Hold, why; then the terminal is lost, and the run does not notice.
    terminal.press("h")
    terminal.until("Hold: why?")
    terminal.write("a draught in the lab")
    terminal.press("Enter")
    terminal.until("‖ Held", "noted in run", within_s=within_s)
    chamber = Chamber(service.socket, client="test")
    assert all(valve.position == "closed" for valve in chamber.status().mimic.valves if valve.kind == "shutter")
    terminal.close()
    assert chamber.status().state == "Held"

    # Another terminal, a small one.
    place = service.socket.parent / "again"
    place.mkdir()
    again = Tmux(place, screens("--service", str(service.socket)), environment(), (80, 24))
    try:
        again.until("SIMULATED", "‖ Held")
        again.until("control: nobody", within_s=45.0)  # the lost screens' lease runs out after 30 s
        again.press("r")
        again.until("▶ Execute")
        again.until("✓ Complete", within_s=within_s)

        # The story, and whether the record is what was written.
        again.press("5")
        again.until("1 run, newest first", "B12")
        again.press("Enter")
        again.until("by tmux", "Steps")
        _scroll_to(again, "a draught in the lab")
        again.press("V")
        again.until("✓ INTACT", "are what was written")
        again.press("Escape")
        sleep_s(HAND_S)  # a letter right behind it would be Alt with that letter, to any terminal program
        again.press("q")
        assert again.ended() == 0
    finally:
        again.close()


def _scroll_to(terminal: Tmux, text: str) -> None:
    """Go down until it stands there: a long story has more lines than a small screen. Not by pages, which cut."""
    for _ in range(LINES // 4):
        if text in " ".join(terminal.screen().split()):
            return
        terminal.press(*["Down"] * 4)
        sleep_s(HAND_S)
    terminal.until(text, within_s=HAND_S)
