"""The key switch at the plant: at local it beats every lease; a run goes on, and whoever may can still make it safe."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvdctl.chamber.load import load_chamber
from pvdctl.process.states import State
from pvdctl.service.roles import RIGHTS
from simulators.plant.plant import Plant
from tests.service.inside import CHAMBER, Inside, Said
from tests.service.test_desk import BODIES, refused
from tests.system.ports.served import needs_ptys, served


def with_key(folder: Path) -> Path:
    """The shipped chamber with a key switch on the next free input."""
    text = CHAMBER.read_text()
    last, marker = "    ar_valve_closed: 25\n", "  supply_enable_output: supply_enable\n"
    assert last in text
    assert marker in text
    path = folder / "with_key.yaml"
    path.write_text(text.replace(last, last + "    local: 26\n").replace(marker, "  local_input: local\n" + marker))
    return path


@pytest.fixture
def inside(tmp_path: Path, recipes: Path) -> Iterator[Inside]:
    made = Inside(tmp_path, recipes, with_key(tmp_path))
    yield made
    made.close()


def turn(inside: Inside, *, local: bool) -> None:
    plant = inside.station._simulated.bench.plant
    assert isinstance(plant, Plant)
    plant.signals["local"] = local
    inside.scan(3)


def test_an_input_that_there_is_not_is_told(tmp_path: Path) -> None:
    path = with_key(tmp_path)
    path.write_text(path.read_text().replace("local_input: local", "local_input: locl"))
    with pytest.raises(Exception, match=r"io\.local_input: wanted the name of an input, found 'locl'"):
        load_chamber(path)


def test_at_local_no_lease_commands_and_the_run_goes_on(inside: Inside) -> None:
    inside.ready()
    assert not inside.seen().local
    run = inside.lead("start", recipe="brief").run
    turn(inside, local=True)
    snapshot = inside.seen()
    assert snapshot.local
    assert snapshot.lease is not None
    assert inside.state is State.EXECUTE
    with pytest.raises(Said, match="complete refused: the key switch stands at local") as said:
        inside.lead("complete")
    assert said.value.problem.code == "not_now"
    assert set(said.value.problem.legal) == {"abort", "hold", "stop"}
    inside.ask("hold", reason="a look at the boat")
    inside.until(lambda: inside.state is State.HELD)
    with pytest.raises(Said, match="unhold refused"):
        inside.lead("unhold")
    turn(inside, local=False)
    inside.lead("unhold")
    inside.until(lambda: inside.state is State.EXECUTE)
    inside.ask("stop", reason="seen")
    inside.until(lambda: inside.state is State.STOPPED)
    inside.end()
    said_of_it = [(e.text, e.new, e.run) for e in inside.events() if e.subject == "local"]
    assert said_of_it == [
        ("the key switch is turned to local: no client is in control", True, run),
        ("the key switch is turned to remote", False, run),
    ]
    assert any(e.kind == "refusal" and e.subject == "complete" and e.run == run for e in inside.events())


def test_exactly_what_needs_the_lease_is_refused(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    turn(inside, local=True)
    for act, right in RIGHTS.items():
        fence = inside.ask("lease.take", role="process_engineer").fence
        text = ""
        try:
            inside.ask(act, role="process_engineer", fence=fence, **BODIES.get(act, {}))
        except Said as said:
            text = str(said)
        assert ("stands at local" in text) == right.lease, (act, text)
        inside.wall_s += 31.0


def test_a_switch_that_cannot_be_read_is_no_leave(inside: Inside) -> None:
    inside.ready()
    reading = inside.control.controller.image["local"]
    assert reading.source is not None
    reading.spoil("old")
    inside.control.desk.key.look()
    with pytest.raises(Exception, match=r"the key switch cannot be read \(old\)"):
        inside.control.desk.key.check("start")
    assert not inside.control.desk.key.local


def test_a_current_set_by_hand_goes_back_when_the_key_is_turned(inside: Inside) -> None:
    inside.ready()
    inside.lead("set_output", name="boat_supply.current", value=12.0)
    inside.scan(40)
    output = inside.control.controller.outputs["boat_supply.current"]
    assert output.granted == 12.0
    assert inside.seen().manual
    turn(inside, local=True)
    inside.scan(60)
    assert output.granted == 0.0
    assert not inside.seen().manual
    assert refused(inside, "set_output", fence=inside.fence) == "not_now"


@needs_ptys
def test_a_served_chamber_has_the_key_on_its_truth_socket(tmp_path: Path) -> None:
    with served(tmp_path) as far:
        assert far.truth()["signals"]["local"] is False
        far.ask("key", local=True)
        assert far.truth()["signals"]["local"] is True
        with pytest.raises(ValueError, match="found 'on'"):
            far.ask("key", local="on")
