"""Settings, tokens, limits, systemd: small rooms of the service."""

import json
import os
import socket
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchoring import standing
from pvdctl.record.reader import RecordReader
from pvdctl.service.listen import unix_socket
from pvdctl.service.notify import Notify
from pvdctl.service.settings import load_settings
from pvdctl.service.tokens import Tokens
from pvdctl.service.web.archive import Archive
from pvdctl.service.web.limits import COMMANDS_PER_S, READS_PER_S, Limits
from pvdctl.service.web.trends import Trends
from pvdctl.service.web.turned_away import EVERY_S, MOST_KINDS, TurnedAway
from tests.service.inside import Inside

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Calendar:
    """A calendar that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_token_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    path, calendar = tmp_path / "tokens.json", Calendar()
    made, text = Tokens(path, calendar).make("anna", "operator", 30.0)
    assert text not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    others = Tokens(path, calendar)
    assert others.find(text) == made
    assert others.find(text + "x") is None
    assert others.find("") is None
    calendar.now = NOW + timedelta(days=30)
    assert others.find(text) is None


def test_a_revoked_token_is_over_at_once_also_for_a_server_that_runs(tmp_path: Path) -> None:
    path, calendar = tmp_path / "tokens.json", Calendar()
    running, admin = Tokens(path, calendar), Tokens(path, calendar)
    _, first = admin.make("anna", "operator", 30.0)
    _, second = admin.make("bert", "viewer", 30.0)
    assert running.find(first) is not None
    admin.revoke(1)
    assert running.find(first) is None
    found = running.find(second)
    assert found is not None
    assert (found.number, found.user) == (2, "bert")
    with pytest.raises(OperatorError, match="no token 7"):
        admin.revoke(7)


@pytest.mark.parametrize(
    ("user", "role", "days"), [("anna", "boss", 3), ("anna", "viewer", 0), ("", "viewer", 3), ("a", "viewer", 900)]
)
def test_tokens_that_are_not_made(tmp_path: Path, user: str, role: str, days: float) -> None:
    tokens = Tokens(tmp_path / "tokens.json", Calendar())
    with pytest.raises(OperatorError):
        tokens.make(user, role, days)
    assert not tokens.path.exists()


def test_a_file_of_tokens_that_others_can_read_is_refused(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json", Calendar())
    tokens.make("anna", "viewer", 3.0)
    tokens.path.chmod(0o644)
    with pytest.raises(OperatorError, match="chmod 600"):
        tokens.find("x")


@pytest.mark.parametrize("text", ["{", "[1]", "[{}]", "null"])
def test_a_file_that_holds_no_tokens_is_told(tmp_path: Path, text: str) -> None:
    tokens = Tokens(tmp_path / "tokens.json", Calendar())
    tokens.make("anna", "viewer", 3.0)
    tokens.path.write_text(text)
    for _ in range(2):
        with pytest.raises(OperatorError, match="holds no tokens"):
            tokens.find("x")


def test_a_token_whose_end_is_no_date_is_told(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json", Calendar())
    made, _ = tokens.make("anna", "viewer", 3.0)
    tokens.path.write_text(tokens.path.read_text().replace(made.expires_utc, "next week"))
    with pytest.raises(OperatorError, match="next week"):
        tokens.all()


def test_tokens_that_cannot_be_looked_at_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="Not a directory"):
        Tokens(tmp_path / "file" / "tokens.json", Calendar()).all()


def test_every_request_turned_away_is_counted_however_many_kinds_there_are() -> None:
    told: list[tuple[str, int]] = []
    now_s = 0.0
    away = TurnedAway(lambda: now_s, lambda client, code, text, count: told.append((text, count)))
    away.add("anna", "bad_request", "first")
    assert told == [("first", 1)]
    for number in range(MOST_KINDS + 20):
        away.add("anna", "bad_request", f"kind {number}")
    away.add("anna", "bad_request", "kind 0")
    now_s = EVERY_S
    away.flush()
    assert sum(count for _, count in told) == 1 + MOST_KINDS + 20 + 1
    assert told[1] == ("kind 0", 2)
    assert told[-1] == (f"requests of more than {MOST_KINDS} kinds were turned away", 20)


def test_settings_are_read_whole(tmp_path: Path) -> None:
    for name in ("service.pem", "service.key"):
        (tmp_path / name).touch()
    path = tmp_path / "service.toml"
    path.write_text(f"""
recipes = "/srv/recipes"
[socket]
path = "/run/x.sock"
[roles]
anna = "operator"
"@staff" = "viewer"
[tcp]
host = "0.0.0.0"
port = 8443
certificate = "{tmp_path}/service.pem"
key = "{tmp_path}/service.key"
names = ["lab:8443"]
tokens = "{tmp_path}/tokens.json"
""")
    found = load_settings(path)
    assert found.socket == Path("/run/x.sock")
    assert found.roles == {"anna": "operator", "@staff": "viewer"}
    assert found.tcp is not None
    assert found.tcp.names == ("lab:8443",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("recipe = 'x'", "'recipe' is not known; did you mean recipes"),
        ("[roles]\nanna = 'operater'", "wanted viewer or operator"),
        ("[tcp]\nhost = '::'", r"tcp\.port is missing"),
        ("[tcp]\nhost = 8", r"tcp\.host: wanted str"),
        ("[socket]\npath = true", r"socket\.path: wanted str"),
        ("x =", "cannot be read"),
    ],
)
def test_settings_that_are_wrong_say_where(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "service.toml"
    path.write_text(text)
    with pytest.raises(OperatorError, match=wanted):
        load_settings(path)


def test_limits_refill_and_are_per_client() -> None:
    limits = Limits()
    assert sum(limits.allow("a", 0.0, command=True) for _ in range(100)) == 2 * COMMANDS_PER_S
    assert sum(limits.allow("a", 0.0, command=False) for _ in range(500)) == 2 * READS_PER_S
    assert limits.allow("b", 0.0, command=True)
    assert sum(limits.allow("a", 1.0, command=True) for _ in range(100)) == COMMANDS_PER_S
    assert limits.refused > 0


def test_systemd_hears_ready_and_each_beat(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(2.0)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "15000000"}
        notify = Notify(environment)
        assert environment == {}
        assert notify.every_s == 7.5
        notify.ready("up")
        notify.alive()
        assert listening.recv(100) == b"READY=1\nSTATUS=up"
        assert listening.recv(100) == b"WATCHDOG=1"
    notify.alive()  # systemd has gone: nothing happens
    notify.close()


def test_the_watchdog_of_another_process_is_not_ours(tmp_path: Path) -> None:
    other = str(os.getpid() + 1)
    notify = Notify({"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "15000000", "WATCHDOG_PID": other})
    assert notify.every_s is None
    notify.close()
    assert Notify({}).every_s is None


def test_the_socket_is_for_owner_and_group_and_replaces_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "place" / "api.sock"
    unix_socket(path).close()
    with unix_socket(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(OperatorError, match="another service listens"):
            unix_socket(path)


def test_a_record_that_cannot_be_looked_at_now_is_looked_at_again(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(inside.directory)
    found = archive.standing(lambda: datetime.now(UTC))
    assert found is not None
    assert found["events"] > 0

    def locked(connection: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("pvdctl.record.anchoring.newest_checkpoint", locked)
    with (
        RecordReader.open(inside.directory) as reader,
        pytest.raises(RecordError, match=r"cannot be read just now: database is locked\. Its writer may hold it"),
    ):
        standing(reader)
    assert archive.standing(lambda: datetime.now(UTC)) is None


def test_the_last_hours_keep_a_point_a_second_with_target_and_band_and_forget_another_boot() -> None:
    def snapshot(at_s: float, boot: str, job: object, quality: str = "good") -> str:
        reading = {"value": 2e-6, "quality": quality}
        current = {"current": {"value": 60.0, "quality": "good"}}
        mimic = {"chamber_pressure": reading, "supplies": [current]}
        return json.dumps({"at_s": at_s, "boot": boot, "mimic": mimic, "job": job})

    layer = {
        "rate_nm_per_s": 0.49, "rate_target_nm_per_s": 0.5, "band_percent": 10.0, "film_nm": 12.0, "target_nm": 300.0,
    }  # fmt: skip
    trends = Trends()
    trends.add(snapshot(1.0, "before", None))
    for tenth in range(30):
        trends.add(snapshot(tenth / 10.0, "now", {"layer": layer} if tenth >= 20 else None))
    trends.add(snapshot(3.0, "now", None, "bad"))
    found = trends.thinned(10)
    assert found.at_s == [0.0, 1.0, 2.0, 3.0]
    assert found.band_percent == [0.0, 0.0, 10.0, 0.0]
    assert found.rate_target_nm_per_s == [0.0, 0.0, 0.5, 0.0]
    assert found.chamber_pressure_mbar == [2e-6, 2e-6, 2e-6, None]
    assert found.source_current_a == [60.0] * 4
    assert trends.thinned(2).at_s == [1.0, 3.0]
    assert Trends().thinned(2).at_s == []
