"""The service in its own processes: a run through the client, a web server that dies, clients that misbehave."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from pvdctl.client import Chamber, Declined, Lost
from pvdctl.clock import RealClock, sleep_s
from pvdctl.record.reader import RecordReader
from pvdctl.service.dial import UnixConnection
from pvdctl.service.messages import Happening, Snapshot
from pvdctl.service.web.live import STREAMS
from tests.service.inside import BRIEF, ROOT
from tests.service.served import Served

T = TypeVar("T")
LONG = """\
recipe: long
version: "1"
title: Nothing, for long
steps:
  - {do: wait, name: rest, duration: 40 h}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("served")
    recipes = place / "recipes"
    recipes.mkdir()
    (recipes / "brief.yaml").write_text(BRIEF)
    (recipes / "long.yaml").write_text(LONG)
    (recipes / "wrong.yaml").write_text(BRIEF.replace("duration: 5 s", "duration: 5"))
    made = Served(place, recipes)
    yield made
    assert made.end() == 0, made.log
    assert "Traceback" not in made.log


@pytest.fixture
def chamber(served: Served) -> Iterator[Chamber]:
    """A client; whatever it leaves is aborted."""
    made = served.chamber("pytest")
    yield made
    made.abort("the test is over")
    made.until(("Aborted",), 30.0)


def cli(served: Served, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pvdctl.cli.main", *words],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
        env={**os.environ, "PVDCTL_SERVICE": str(served.socket)},
    )  # fmt: skip


def test_who_am_i(served: Served) -> None:
    me = served.chamber("pytest").me()
    assert (me.role, me.client, me.via) == ("process_engineer", "pytest", "unix")


def test_a_story_through_the_client(served: Served, chamber: Chamber) -> None:
    with pytest.raises(Declined) as declined:
        chamber.command("clear")
    assert declined.value.problem.code == "no_lease"
    with chamber.control("the story"):
        chamber.ready()
        run = chamber.start("brief", sample_id="A17", note="story").run
        chamber.hold("a look")
        assert run in chamber.note("the boat glows unevenly", about="hold").text
        assert chamber.until(("Held",), 20.0).reason == "a look"
        chamber.resume("looked")
        for heard in chamber.follow(every_s=0.1):
            if isinstance(heard, Snapshot) and heard.question is not None:
                chamber.answer(heard.question.prompt, heard.question.answers[0])
                break
        ended = chamber.wait(run)
    assert (ended.run, ended.state) == (run, "Complete")
    entry = chamber.runs()[0]
    assert (entry.run, entry.sample_id, entry.end_state, entry.simulated) == (run, "A17", "Complete", True)
    story = chamber.story(run)
    assert [step["name"] for step in story["steps"]] == ["rest", "agree", "rest_again"]
    assert {each["why"] for each in story["interventions"]} >= {"a look", "looked"}
    assert any(each["text"] == "the boat glows unevenly" for each in story["interventions"])
    samples = chamber.samples(run, points=20)
    assert 10 <= len(samples.columns["at_s"]) <= 20
    assert set(samples.columns) >= {"at_s", "chamber_pressure", "rate", "film"}
    assert "approved" in chamber.sign(run, "approved", "as it should be").text
    assert chamber.story(run)["signatures"][0]["reason"] == "as it should be"
    assert chamber.verify().intact


def test_a_terminal_that_is_closed_ends_nothing(served: Served, chamber: Chamber) -> None:
    before = chamber.status()
    os.kill(served.process.pid, signal.SIGHUP)
    os.kill(served.web_pid(), signal.SIGHUP)
    clock, after = RealClock(), before
    while after.beat.scans < before.beat.scans + 600:  # a second of it, at 60 x
        assert clock.now_s < 20.0, served.log
        sleep_s(0.1)
        after = chamber.status()
    assert after.boot == before.boot
    assert "web server" not in served.log


def test_a_web_server_that_dies_leaves_the_process_alone(served: Served, chamber: Chamber) -> None:
    with chamber.control("long"):
        chamber.ready()
        run = chamber.start("long").run
    heard = chamber.follow(every_s=0.1)
    before = next(each for each in heard if isinstance(each, Snapshot))
    killed = served.web_pid()
    os.kill(killed, signal.SIGKILL)
    lost, after = False, before
    for each in heard:
        lost = lost or isinstance(each, Lost)
        if lost and isinstance(each, Snapshot):
            after = each
            break
    heard.close()
    assert served.web_pid() != killed
    assert (after.boot, after.state) == (before.boot, "Execute")
    assert after.at_s > before.at_s
    assert after.beat.scans > before.beat.scans
    assert after.job is not None
    assert after.job.run == run
    with RecordReader.open(served.record) as reader:
        steps = reader.samples(run, ["at_s"])["at_s"]
    gaps = [later - earlier for earlier, later in zip(steps, list(steps)[1:], strict=False)]
    assert max(gaps) < 0.11  # no scan was left out while nobody served


def test_a_web_server_that_hangs_is_killed(served: Served) -> None:
    stopped = served.web_pid()
    os.kill(stopped, signal.SIGSTOP)
    clock = RealClock()
    while "has not listened" not in served.log and clock.now_s < 60.0:
        sleep_s(0.1)
    served.wait_up()
    assert served.web_pid() != stopped


def test_a_slow_client_is_dropped_and_the_others_go_on(served: Served) -> None:
    metrics = served.raw("GET", "/metrics")[1]
    assert "pvdctl_live_streams_dropped_total 0" in metrics
    with served.connected() as slow:
        slow.sendall(b"GET /v1/live?every_s=0.1 HTTP/1.1\r\nHost: x\r\n\r\n")
        good = served.chamber().follow(every_s=0.1, patience=False)
        clock = RealClock()
        for _ in good:  # the good one is served all the time, until the slow one is gone
            if "dropped_total 1" in served.raw("GET", "/metrics")[1] or clock.now_s > 60.0:
                break
            sleep_s(0.2)
        good.close()
    assert "pvdctl_live_streams_dropped_total 1" in served.raw("GET", "/metrics")[1]


def test_a_client_that_comes_back_hears_what_it_missed(served: Served, chamber: Chamber) -> None:
    first = chamber.status()
    with chamber.control("to be missed"):
        pass
    missed = chamber._listen(0.1, (first.boot, first.seq))
    heard = next(missed)
    missed.close()
    assert isinstance(heard, Happening)
    assert heard.seq > first.seq
    assert "takes control" in heard.text
    assert heard.why == "to be missed"
    other = chamber._listen(0.1, ("another boot", first.seq))
    assert isinstance(next(other), Snapshot)
    other.close()


def test_nothing_changes_by_get(served: Served) -> None:
    for path in (
        "/v1/commands/abort",
        "/v1/lease",
        "/v1/answers",
        "/v1/outputs/roughing_pump",
        "/v1/notes",
        "/v1/links/plc_line/listen",
    ):
        status, problem = served.raw("GET", path)
        assert (status, problem["code"]) == (405, "bad_request")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json", "Origin": "https://evil.example"}, 403),
        ({"Content-Type": "application/json", "Content-Length": "9000000"}, 413),
    ],
)
def test_requests_that_a_page_could_be_led_to_send_are_refused(
    served: Served, headers: dict[str, str], status: int
) -> None:
    found, problem = served.raw("POST", "/v1/commands/abort", headers, b"{}")
    assert (found, problem["code"]) == (status, "bad_request")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"reason": 1}', b'{"fence": true}', b'{"fence": -1}', b'{"why": "x"}', b'{"reason": NaN}'],
)
def test_bodies_that_are_not_in_order_are_refused(served: Served, body: bytes) -> None:
    status, problem = served.raw("POST", "/v1/commands/hold", {"Content-Type": "application/json"}, body)
    assert (status, problem["code"]) == (422, "bad_request")
    assert problem["text"]


@pytest.mark.parametrize(("body", "why"), [(b'{"reasn": "x"}', "body.reasn"), (b"{nothing", "JSON decode error")])
def test_a_command_that_is_not_in_order_is_an_event(served: Served, body: bytes, why: str) -> None:
    path, told = "/v1/commands/hold", ("Content-Type", "Pvdctl-Client")
    status, _ = served.raw("POST", path, dict(zip(told, ("application/json", "sloppy"), strict=True)), body)
    assert status == 422
    me, clock = served.chamber().me().user, RealClock()
    while True:
        found = [
            e for e in served.chamber().status().events if e.text.startswith(f"{path} refused: ") and why in e.text
        ]
        if found:
            break
        assert clock.now_s < 20.0, served.log
        sleep_s(0.1)
    assert (found[0].kind, found[0].subject) == ("refusal", "service")
    assert me in found[0].actor


def test_too_many_commands_are_turned_away_but_never_an_abort(served: Served) -> None:
    def post(word: str) -> int:
        return served.raw("POST", f"/v1/commands/{word}", {"Content-Type": "application/json"}, b"{}")[0]

    assert 429 in [post("hold") for _ in range(60)]
    assert [post("abort") for _ in range(30)] == [200] * 30


def test_recipes_are_checked_and_simulated_beside_the_process(served: Served, chamber: Chamber, tmp_path: Path) -> None:
    entries = {entry.name: entry for entry in chamber.recipes()}
    assert (entries["brief"].passed, entries["wrong"].passed, entries["wrong"].errors) == (True, False, 2)
    (finding, _) = chamber.recipe("wrong").findings
    assert finding["found"] == "the bare number 5"
    assert chamber.check(ROOT / "recipes" / "lzln.yaml").passed
    with pytest.raises(Declined, match="there is no recipe 'bref'"):
        chamber.recipe("bref")
    short = tmp_path / "short.yaml"
    short.write_text(LONG.replace("40 h", "4 s"))
    result = chamber.simulate(short, seed=3)
    assert (result["end_state"], result["seed"], result["simulated"]) == ("Complete", 3, True)


def soon(act: Callable[[], T]) -> T:
    """What it gives when it is no longer declined."""
    for _ in range(200):
        try:
            return act()
        except Declined:
            sleep_s(0.05)
    return act()


def allowed(act: Callable[[], T]) -> T:
    """What it gives when it is no longer asked too often: tests before this one have used up what one user may ask."""
    for _ in range(100):
        try:
            return act()
        except Declined as declined:
            if "wait a second" not in str(declined):
                raise
            sleep_s(0.1)
    return act()


def begun(served: Served, what: dict[str, str]) -> UnixConnection:
    """A connection on which a simulation has been asked for that is not answered, so that it goes on."""
    for _ in range(20):
        made = UnixConnection(str(served.socket), 10.0)
        made.request("POST", "/v1/simulations", json.dumps(what), {"Content-Type": "application/json"})
        if not select.select([made.sock], [], [], 1.0)[0]:
            return made
        told = made.getresponse().read()
        made.close()
        assert b"wait a second" in told, told
        sleep_s(0.5)
    raise AssertionError("never allowed")


def test_a_simulation_is_given_up_by_word_and_by_hanging_up(served: Served, chamber: Chamber, tmp_path: Path) -> None:
    with pytest.raises(Declined, match="no recipe is being simulated"):
        chamber.give_up_simulation()
    long, short = tmp_path / "long.yaml", tmp_path / "short.yaml"
    long.write_text(LONG)
    short.write_text(LONG.replace("40 h", "4 s"))
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(served.chamber("waits").simulate, long)
        assert soon(chamber.give_up_simulation).text == "the simulation is given up"
        with pytest.raises(Declined, match=r"the simulation was given up by \S+ \(pytest\)"):
            waiting.result(10.0)

    gone = begun(served, {"recipe": "long"})
    with pytest.raises(Declined, match="another recipe is being simulated; wait for it, or give it up"):
        allowed(lambda: chamber.simulate(short))
    gone.close()
    assert soon(lambda: chamber.simulate(short))["end_state"] == "Complete"


def test_commands_of_the_shell(served: Served, chamber: Chamber, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(BRIEF.replace("recipe: brief", "recipe: mine"))
    told = cli(served, "status")
    assert told.returncode == 0
    assert "SIMULATED chamber provap: Aborted" in told.stdout
    assert json.loads(cli(served, "status", "--json").stdout)["simulated"] is True
    assert cli(served, "resume").returncode == 1
    assert cli(served, "ack").stdout == "no alarm waits to be acknowledged\n"
    done = cli(served, "run", str(recipe), "--wait", "--answer", "agree=go", "--sample", "A18")
    assert done.returncode == 0, done.stderr
    assert "Complete: recipe done" in done.stdout
    assert "SIMULATED" in done.stderr
    assert cli(served, "run", str(recipe)).returncode == 0
    assert cli(served, "hold", "--reason", "from the shell").stdout.startswith("hold: the unit is in H")
    assert "needs a reason" in cli(served, "stop").stderr
    assert cli(served, "note", "the boat is nearly empty", "--about", "hold").stdout.startswith("noted in run ")
    assert cli(served, "stop", "--json", "--reason", "seen enough").returncode == 0
    stopped = chamber.until(("Stopped",), 20.0)
    assert stopped.ended is not None
    assert stopped.ended.state == "Stopped"
    left = cli(served, "run", str(recipe), "--wait", "--answer", "agree=leave")
    assert left.returncode == 1
    assert "Stopped" in left.stdout
    wrong = cli(served, "run", str(ROOT / "recipes" / "nowhere.yaml"))
    assert wrong.returncode == 2


def test_a_run_that_cannot_be_begins_nothing(served: Served, chamber: Chamber, tmp_path: Path) -> None:
    chamber.abort("from Aborted")
    chamber.until(("Aborted",), 30.0)
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(BRIEF)
    slip = cli(served, "run", str(recipe), "--answer", "agre=go")
    assert (slip.returncode, "did you mean agree?" in slip.stderr) == (2, True)
    recipe.write_text(BRIEF.replace("duration: 5 s", "duration: 5"))
    bad = cli(served, "run", str(recipe))
    assert bad.returncode == 1
    assert f"{recipe}:5:" in bad.stderr
    assert "You can" not in bad.stderr
    assert chamber.status().state == "Aborted"
    nobody = cli(served, "answer", "agree", "go")
    assert nobody.returncode == 1
    assert nobody.stderr == "pvdctl: nobody is asking 'agree' now. You can: clear.\n"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--simulate", "--socket", "{socket}"], "another service listens on {socket} already"),
        (["--simulate", "--settings", "nowhere.toml"], "settings file nowhere.toml cannot be read: No such file"),
        (["--simulate", "--fault", "leek@90s"], "did you mean leak"),
        (["--simulate", "--fault", "mute@90s:link=nobody"], "there is no instrument 'nobody'"),
        (["--chamber", "simulators/provap.yaml", "--fault", "leak@90s"], "--fault is for --simulate"),
        (["--chamber", "nowhere.yaml"], "chamber file nowhere.yaml cannot be read"),
        (["--simulate", "--recipes", "nowhere"], "/nowhere with recipes; name one with --recipes"),
        ([], "name a chamber file with --chamber"),
    ],
)
def test_a_service_that_cannot_be_is_wrong_usage(
    served: Served, tmp_path: Path, given: list[str], sentence: str
) -> None:
    words = [word.format(socket=served.socket) for word in given]
    if "--socket" not in words:
        words += ["--socket", str(tmp_path / "other.sock")]
    told = cli(served, "serve", "--record", str(tmp_path / "record"), *words)
    assert told.returncode == 2, told.stderr
    assert sentence.format(socket=served.socket) in told.stderr
    assert not (tmp_path / "other.sock").exists()


def test_a_service_that_is_not_there(tmp_path: Path) -> None:
    environment = {**os.environ, "PVDCTL_SERVICE": str(tmp_path / "none.sock")}
    done = subprocess.run(
        [sys.executable, "-m", "pvdctl.cli.main", "status"],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no service at" in done.stderr
    assert "pvdctl serve" in done.stderr


def test_metrics_are_in_prometheus_form(served: Served) -> None:
    status, text = served.raw("GET", "/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in lines:
        name, _, value = line.rpartition(" ")
        assert name.startswith("pvdctl_")
        float(value)
    assert "pvdctl_simulated 1" in lines
    assert any(line.startswith('pvdctl_pressure_mbar{gauge="chamber"} ') for line in lines)


def test_live_streams_without_end_leave_room_for_an_abort(served: Served, chamber: Chamber) -> None:
    def opened() -> bytes:
        """What is answered: a stream's head, or the whole of a refusal."""
        made = stack.enter_context(served.connected())
        made.sendall(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
        told = made.recv(4096)
        while not told.startswith(b"HTTP/1.1 200") and not told.endswith(b"}"):
            told += made.recv(4096)
        return told

    with ExitStack() as stack:
        taken = 0
        for _ in range(3 * STREAMS):
            told = opened()
            if b"live streams are open" in told:
                break
            taken += told.startswith(b"HTTP/1.1 200")
            sleep_s(0.02)  # fewer than one user may ask in a second
        assert taken <= STREAMS
        assert b"HTTP/1.1 429" in told
        assert b"live streams are open, which is all there may be; close some of them." in told
        for _ in range(STREAMS):
            stack.enter_context(served.connected())  # and others that say nothing at all
        assert chamber.abort("in spite of all").state in ("Aborting", "Aborted")
