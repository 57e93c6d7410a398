"""What all simulated instruments share: their short paths, and inputs that count their changes."""

import pytest

from simulators.find import find, names
from simulators.instruments.coupler.wiring import DEFAULT_INPUTS
from simulators.instruments.modbus_io import SimulatedCoupler
from simulators.port import WirePort
from simulators.world import Signals
from tests.simulators.instruments.fakes import FakeWorld, ask


@pytest.mark.parametrize("name", names())
def test_every_instrument_runs_through_its_own_copy_of_the_short_path(name: str) -> None:
    kind = find(name)
    for path in ("write", "take", "say"):
        own, shared = getattr(kind, path), getattr(WirePort, path)
        assert own.__code__ is not shared.__code__
        if own.__qualname__ == shared.__qualname__:
            assert own.__code__.co_code == shared.__code__.co_code


def test_an_instrument_keeps_what_it_does_differently() -> None:
    class Loud(WirePort):
        def take(self, until_s: float) -> tuple[float, bytes] | None:
            """Always has something to say."""
            return until_s, b"!"

        def hear(self, data: bytes, now_s: float) -> None:
            """Never listens."""

        def with_wrong_check(self, answer: bytes) -> bytes:
            """Has no check."""
            return answer

    class Louder(Loud):
        delay_s = 1.0

    port = Louder()
    assert port.take(3.0) == (3.0, b"!")
    port.say(b"?", 2.0)
    assert port.next_answer_s == 3.0


def test_an_instrument_that_hears_nothing_is_not_made() -> None:
    class Deaf(WirePort):
        """Forgot both."""

    kind: type = Deaf
    with pytest.raises(TypeError, match=r"hear.*with_wrong_check"):
        kind()


def test_inputs_count_what_is_set() -> None:
    signals = Signals({"water_ok": True})
    assert signals.changes == 0
    signals["water_ok"] = False
    assert (signals["water_ok"], signals.changes) == (False, 1)


def test_the_coupler_sees_each_change_of_an_input_at_once() -> None:
    world = FakeWorld()
    world.signals = Signals(world.signals)
    coupler = SimulatedCoupler(world)
    request = bytes.fromhex("0001 0000 0006 01 02 0000 0020")

    def seen() -> set[str]:
        bits = int.from_bytes(ask(coupler, request)[9:], "little")
        return {name for bit, name in DEFAULT_INPUTS.items() if bits >> bit & 1}

    before = seen()
    assert seen() == before
    for name in DEFAULT_INPUTS.values():
        world.signals[name] = not world.signals[name]
        assert seen() == {name for name in DEFAULT_INPUTS.values() if world.signals[name]}
