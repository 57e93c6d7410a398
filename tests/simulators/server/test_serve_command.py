"""`pvdctl simulator serve` as its own process: READY, a chamber file, a clean end, and wrong usage told in words."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvdctl.chamber.load import load_chamber, parse_chamber
from pvdctl.chamber.model import Line, ModbusLine, SerialLine, TcpLine, VisaLine
from pvdctl.chamber.readdress import readdressed
from pvdctl.cli.exits import WrongUsage
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulator import Wish, serve
from pvdctl.errors import OperatorError
from simulators.server.truth import ask
from tests.simulators.server.served import needs_ptys

Running = tuple[subprocess.Popen[str], dict[str, Any]]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    command = [sys.executable, "-m", "pvdctl.cli.main", "simulator", "serve", "--speed", "20", "--truth-port", "0"]
    command += ["--dir", str(tmp_path / "ports"), "--write-chamber", str(tmp_path / "served.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, said = process.stdout.readline().partition(" ")
        assert word == "READY", process.communicate()
        try:
            yield process, json.loads(said)
        finally:
            process.kill()


@needs_ptys
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_is_ready_writes_the_chamber_file_and_ends_cleanly(
    served: Running, ending: signal.Signals, tmp_path: Path
) -> None:
    process, ready = served
    written = load_chamber(tmp_path / "served.yaml")
    shipped = load_chamber(chamber_file())
    links = written.model.links
    assert written.model.simulated
    assert not shipped.model.simulated
    assert written.model.model_copy(update={"links": {}, "simulated": False}) == shipped.model.model_copy(
        update={"links": {}}
    )
    assert list(links) == list(shipped.model.links)
    monitor, supply = links["monitor_line"], links["supply_line"]
    assert isinstance(monitor, SerialLine)
    assert isinstance(supply, TcpLine)
    assert monitor.device == ready["links"]["monitor_line"] == str(tmp_path / "ports" / "monitor")
    assert Path(monitor.device).is_char_device()
    assert ready["links"]["supply_line"] == f"{supply.host}:{supply.port}"
    assert supply.host == "127.0.0.1"
    assert ready["links"]["monitor_line.tcp"].startswith("127.0.0.1:")
    host, _, port = ready["truth"].rpartition(":")
    assert ask((host, int(port)), {"do": "truth"})["supply_amps"] == 0.0
    process.send_signal(ending)
    said, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert said == ""
    assert "SIMULATED chamber provap" in told
    assert "Traceback" not in told
    assert list((tmp_path / "ports").iterdir()) == []


def wish(**wanted: Any) -> Wish:
    return Wish(**wanted)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"chamber": Path("/nowhere.yaml")}, "cannot be read"),
        ({"faults": ["water_los@3s"]}, "did you mean water_lost"),
        ({"faults": ["water_lost@zinc.deposit"]}, "give a time such as 90s"),
        ({"faults": ["mute@3s:link=plcc"]}, "did you mean plc"),
        ({"ports": ["supply_line"]}, "wanted LINK=PORT"),
        ({"ports": ["supply_line=99999"]}, "wanted LINK=PORT"),
        ({"ports": ["turbo_line=4000"]}, "no TCP port is opened for it; there are monitor_line.tcp"),
        ({"write_chamber": Path("/nowhere/served.yaml")}, "choose another place"),
    ],
)
def test_wrong_usage_is_told(wanted: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=words):
        serve(wish(directory=tmp_path, **wanted))
    assert list(tmp_path.iterdir()) == []


@needs_ptys
def test_a_name_or_address_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "gauges").write_text("not to be replaced")
    with pytest.raises(OperatorError, match="gauges cannot be given to a pty: File exists"):
        serve(wish(directory=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gauges"]
    with pytest.raises(OperatorError, match=r"cannot listen on 192\.0\.2\.1"):
        serve(wish(directory=tmp_path / "other", host="192.0.2.1"))


def test_only_the_links_change_and_every_comment_outside_them_stays() -> None:
    loaded = load_chamber(chamber_file())
    lines: dict[str, Line] = {
        "monitor_line": VisaLine(kind="visa", resource='ASRL"x"\\y::INSTR'),
        "supply_line": TcpLine(kind="tcp", host="::1", port=5),
        "gauge_line": SerialLine(kind="serial", device="socket://localhost:7", baud=9600),
        "turbo_line": SerialLine(kind="serial", device="/dev/x y", baud=9600),
        "plc_line": ModbusLine(kind="modbus_tcp", host="10.0.0.1", port=502),
    }
    made = readdressed(loaded, lines, "two\nlines")
    again = parse_chamber(made.encode(), "made")
    assert again.model.links == lines
    assert again.model.simulated
    shipped = loaded.text.splitlines()
    start, end = shipped.index("links:"), shipped.index("instruments:")
    for line in (*shipped[:start], *shipped[end:]):
        assert line in made.splitlines()
    twice = readdressed(again, lines, "two\nlines")
    assert twice == made


def test_a_mark_that_says_otherwise_is_replaced() -> None:
    text = load_chamber(chamber_file()).text
    loaded = parse_chamber(text.replace("\nscan:", "\nsimulated: false\nscan:").encode(), "real")
    made = readdressed(loaded, loaded.model.links, "served")
    assert "simulated: false" not in made
    assert parse_chamber(made.encode(), "made").model.simulated


def test_a_file_whose_top_level_is_not_one_key_per_line_is_told() -> None:
    text = load_chamber(chamber_file()).text
    indented = "\n".join(f" {line}" if line.strip() else line for line in text.splitlines())
    loaded = parse_chamber(indented.encode(), "indented")
    with pytest.raises(OperatorError, match="indented: its links cannot be replaced"):
        readdressed(loaded, loaded.model.links, "served")
