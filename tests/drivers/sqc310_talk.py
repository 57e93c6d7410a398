"""Conversations with an SQC-310: a driver brought up, asked or told something, against the bytes of the vectors."""

from collections.abc import Sequence
from typing import Any

from pvdctl.drivers.inficon_sqc310 import InficonSqc310
from pvdctl.instrument.poll import Act, Answer
from pvdctl.instrument.tag import Flaw
from tests.wire import Desk, talk, vectors

V = vectors("sqc310")
Steps = Sequence[tuple[bytes, bytes | Sequence[bytes] | None]]
K2 = V["sensors_2"].request


def step(name: str) -> tuple[bytes, bytes]:
    answer = V[name].answer
    assert answer is not None
    return V[name].request, answer


def flat(values: dict[str, Any], sensors: Sequence[int]) -> list[float | None]:
    """What a K2 vector means, in the driver's units; None for a sensor without signal."""
    found: list[float | None] = []
    for n in sensors:
        hz = values["frequency_hz"][n - 1]
        rate, thickness = values["rate_angstrom_per_s"][n - 1] / 10, values["thickness_kiloangstrom"][n - 1] * 100
        found += [hz, rate, thickness] if hz else [None, None, None]
    return found


def plain(answer: Answer) -> list[object]:
    return [None if isinstance(value, Flaw) else value for value in answer]


def monitor(
    channels: str = "2", sensors: Sequence[int] = (1, 2), firmware: str = "6.01"
) -> tuple[InficonSqc310, Steps]:
    """A driver, and the conversation that identifies and prepares it."""
    driver = InficonSqc310("monitor", {"sensors": list(sensors)})
    return driver, [step("model_601" if firmware == "6.01" else "model_665"), step(f"channels_{channels}")]


def bring_up(desk: Desk) -> None:
    desk.driver.identity = desk.driver.identify(desk.link)
    desk.driver.prepare(desk.link)


def run(driver: InficonSqc310, opening: Steps, steps: Steps, name: str) -> Answer:
    def do(desk: Desk) -> Answer:
        bring_up(desk)
        return desk.read(name)

    result: Answer = talk(driver, [*opening, *steps], do)
    return result


def perform(act_name: str, *args: Any, steps: Steps) -> Act:
    driver, opening = monitor()
    acts: list[Act] = []

    def do(desk: Desk) -> None:
        bring_up(desk)
        acts.append(getattr(driver, act_name)(*args))
        desk.perform(acts[0])

    talk(driver, [*opening, *steps], do)
    return acts[0]
