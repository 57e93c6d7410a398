"""Raw exchanges of a link on demand: through the desk in virtual time, and through the client of a served chamber."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvdctl.client import Declined
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.answers import Exchanges, Problem
from tests.service.inside import BRIEF, Inside
from tests.service.served import Served
from tests.service.test_served import cli
from tests.wire import vectors

MODEL = vectors("sqc310")["model_601"]


def look(inside: Inside, act: str, **body: Any) -> Exchanges | Problem:
    """As `Inside.ask`, for what is answered at once, by a viewer."""
    inside.number += 1
    said = {"number": inside.number, "act": act, "user": "eve", "client": "tui", "role": "viewer", "body": body}
    inside.control.heard(said)
    inside.scan()
    message = inside.heard.replies[inside.number].message
    assert isinstance(message, Exchanges | Problem)
    return message


def heard(inside: Inside, link: str, after: int | None = None, limit: int = 500) -> Exchanges:
    found = look(inside, "exchanges", link=link, after=after, limit=limit)
    assert isinstance(found, Exchanges)
    return found


def monitor(inside: Inside) -> str:
    """The link of the chamber's SQC-310."""
    controller = inside.control.controller
    name = controller.context.chamber.monitor.instrument
    return next(str(w.link.name) for w in inside.station.workers if w.drivers[0].name == name)


def test_a_viewer_listens_for_a_minute_and_then_it_is_off(inside: Inside) -> None:
    link = monitor(inside)
    workers = inside.station.workers
    assert heard(inside, link).exchanges == []
    told = look(inside, "listen", link=link, seconds=60.0)
    assert isinstance(told, Exchanges)
    assert told.listening_s == 60.0
    assert [w.link.name for w in workers if w.line is not w.link] == [link]
    inside.scan(20)
    found = heard(inside, link)
    assert len(found.exchanges) > 5
    assert found.newest == found.exchanges[-1].number
    first = found.exchanges[0]
    assert first.asked_hex.startswith("21 ")
    assert first.asked_text.startswith("!")
    assert bytes.fromhex(first.asked_hex).decode("latin-1").encode("unicode_escape").decode() == first.asked_text
    assert first.answered_hex.startswith("21 ")
    assert first.took_ms > 0.0
    assert first.error == ""
    scan = inside.seen()
    assert first.at_s < scan.at_s
    assert first.utc < scan.utc
    later = heard(inside, link, after=found.newest)
    assert later.exchanges[0].number == found.newest + 1
    assert [each.number for each in heard(inside, link, after=0, limit=2).exchanges] == [1, 2]
    inside.wall_s += 59.9
    inside.scan()
    assert heard(inside, link).listening_s == pytest.approx(0.1)
    look(inside, "listen", link=link, seconds=30.0)
    inside.wall_s += 29.9
    assert len(heard(inside, link).exchanges) > 5
    inside.wall_s += 0.2
    inside.scan()
    assert all(worker.line is worker.link for worker in workers)
    assert heard(inside, link).exchanges == []
    newest = heard(inside, link).newest
    look(inside, "listen", link=link, seconds=1.0)
    inside.scan(3)
    assert heard(inside, link).exchanges[0].number == newest + 1
    inside.end()
    assert not any(event.actor.startswith("eve") for event in inside.events()), "listening is no act"


def test_the_first_words_of_the_monitor_are_those_of_its_manual(inside: Inside) -> None:
    link = monitor(inside)
    look(inside, "listen", link=link, seconds=60.0)
    worker = next(w for w in inside.station.workers if w.link.name == link)
    worker.up = False  # it is asked anew who it is
    inside.scan(10)
    assert MODEL.answer is not None
    said = [(bytes.fromhex(e.asked_hex), bytes.fromhex(e.answered_hex)) for e in heard(inside, link).exchanges]
    (answer,) = [answered for asked, answered in said if asked == MODEL.request]
    assert answer in [v.answer for v in vectors("sqc310").values() if v.request == MODEL.request]


def test_silence_is_told(inside: Inside) -> None:
    link = monitor(inside)
    look(inside, "listen", link=link, seconds=60.0)
    worker = next(w for w in inside.station.workers if w.link.name == link)
    now_s = inside.control.controller.context.now_s
    inside.station._simulated.bench.arrange(f"{worker.drivers[0].name}:mute@{now_s:.1f}s")
    inside.scan(10)
    silent = [each for each in heard(inside, link).exchanges if not each.answered_hex]
    assert "no answer to" in silent[0].error
    assert silent[0].asked_hex.startswith("21 ")


@pytest.mark.parametrize("act", ["listen", "exchanges"])
def test_a_link_that_there_is_not(inside: Inside, act: str) -> None:
    found = look(inside, act, link="monitr", seconds=1.0, after=None, limit=1)
    assert isinstance(found, Problem)
    assert found.code == "not_found"
    assert "there is no link 'monitr'" in found.text
    broken = look(inside, act, link=monitor(inside))
    assert isinstance(broken, Problem)
    assert broken.code == "bad_request"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("links")
    recipes: Path = place / "recipes"
    recipes.mkdir()
    (recipes / "brief.yaml").write_text(BRIEF)
    made = Served(place, recipes, speed=1.0)
    yield made
    assert made.end() == 0, made.log
    assert "Traceback" not in made.log


def test_a_program_follows_every_link(served: Served) -> None:
    chamber = served.chamber()
    for link in [each.link for each in chamber.status().links]:
        assert chamber.exchanges(link).listening_s == pytest.approx(60.0, abs=5.0)
        clock, after = RealClock(), None
        numbers: list[int] = []
        while len(numbers) < 5:
            assert clock.now_s < 30.0, link
            found = chamber.exchanges(link, after=after)
            numbers += [each.number for each in found.exchanges]
            after = found.newest if after is None and not found.exchanges else numbers[-1] if numbers else after
            sleep_s(0.1)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), link
    with pytest.raises(Declined, match="there is no link 'nowhere'"):
        chamber.exchanges("nowhere")


def test_a_link_in_the_shell(served: Served) -> None:
    link = served.chamber().status().links[0].link
    told = cli(served, "link", link, "--for", "1")
    assert told.returncode == 0, told.stderr
    assert " ms > " in told.stdout
    assert "< " in told.stdout
    found = json.loads(cli(served, "link", link, "--for", "0.5", "--json").stdout)
    assert found["link"] == link
    assert found["exchanges"][0]["asked_hex"]
    assert cli(served, "link", link, "--follow", "--json").returncode == 2
    assert cli(served, "link", "nowhere").returncode == 2
