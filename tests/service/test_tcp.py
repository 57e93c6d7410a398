"""Over TCP: TLS, a good token on every route, the right host name; nothing else is answered."""

import http.client
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pvdctl.client import Chamber, Declined, Unreachable
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.messages import Happening
from pvdctl.service.tokens import Tokens
from tests.service.inside import BRIEF
from tests.service.served import Served, read


@dataclass
class Port:
    """A service with a TCP port."""

    served: Served
    port: int
    certificate: Path
    tokens: Tokens

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def chamber(self, token: str) -> Chamber:
        return Chamber(self.address, client="tcp", token=token, authority=self.certificate)

    def raw(self, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10.0, context=context)
        try:
            connection.request("GET", path, None, headers)
            return read(connection.getresponse())
        finally:
            connection.close()


def free_port() -> int:
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certify(directory: Path) -> tuple[Path, Path]:
    """A certificate of its own for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pvdctl test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "service.pem", directory / "service.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    place = tmp_path_factory.mktemp("tcp")
    recipes = place / "recipes"
    recipes.mkdir()
    (recipes / "brief.yaml").write_text(BRIEF)
    certificate, key = certify(place)
    number = free_port()
    settings = place / "service.toml"
    settings.write_text(
        f"[roles]\nroot = 'viewer'\n[tcp]\nhost = '127.0.0.1'\nport = {number}\ncertificate = '{certificate}'\n"
        f"key = '{key}'\nnames = ['127.0.0.1:{number}']\ntokens = '{place / 'tokens.json'}'\n"
    )
    served = Served(place, recipes, "--settings", str(settings))
    yield Port(served, number, certificate, Tokens(place / "tokens.json", lambda: datetime.now(UTC)))
    assert served.end() == 0, served.log
    assert "Traceback" not in served.log, served.log


def told(event: Happening) -> bool:
    """That somebody unknown was turned away."""
    return event.kind == "refusal" and "good token is needed" in event.text and "tcp from 127.0.0.1" in event.actor


def test_a_token_carries_user_and_role(port: Port) -> None:
    _, text = port.tokens.make("anna", "operator", 1.0)
    chamber = port.chamber(text)
    me = chamber.me()
    assert (me.user, me.role, me.client, me.via) == ("anna", "operator", "tcp", "token")
    assert chamber.status().chamber == "provap"
    with chamber.control("over the wire"):
        lease = port.served.chamber().status().lease
        assert lease is None or lease.user == "anna"
    with pytest.raises(Declined) as declined:
        chamber.break_control("just so")
    assert declined.value.problem.code == "not_permitted"


def test_a_viewer_looks_and_may_abort(port: Port) -> None:
    _, text = port.tokens.make("vera", "viewer", 1.0)
    chamber = port.chamber(text)
    assert chamber.abort("smoke").state in ("Aborting", "Aborted")
    with pytest.raises(Declined, match="vera is viewer here"):
        chamber.take_control()


def test_without_a_good_token_nothing_is_told(port: Port) -> None:
    made, text = port.tokens.make("bert", "viewer", 1.0)
    assert port.chamber(text).status().chamber == "provap"
    port.tokens.revoke(made.number)
    for token in (text, "pvdctl_guess", ""):
        with pytest.raises(Declined) as declined:
            port.chamber(token).status()
        assert (declined.value.status, declined.value.problem.code) == (401, "not_authenticated")
    clock = RealClock()
    while not any(told(each) for each in port.served.chamber().status().events):
        assert clock.now_s < 20.0, port.served.log
        sleep_s(0.1)
    for path in (
        "/v1/live",
        "/metrics",
        "/v1/openapi.json",
        "/v1/runs",
        "/v1/recipes",
        "/v1/trend",
        "/v1/me",
        "/v1/links/plc_line/exchanges",
    ):
        status, problem = port.raw(path, {})
        assert (status, problem["code"]) == (401, "not_authenticated"), path


def test_a_file_of_tokens_not_in_order_is_the_administrators_to_know(port: Port) -> None:
    _, text = port.tokens.make("dora", "viewer", 1.0)
    port.tokens.path.chmod(0o644)
    try:
        with pytest.raises(Declined, match="its administrator finds the reason") as declined:
            port.chamber(text).status()
    finally:
        port.tokens.path.chmod(0o600)
    assert declined.value.status == 401
    clock = RealClock()
    while not any("chmod 600" in each.text for each in port.served.chamber().status().events):
        assert clock.now_s < 20.0, port.served.log
        sleep_s(0.1)
    assert port.chamber(text).status().chamber == "provap"


def test_another_host_name_or_origin_is_not_answered(port: Port) -> None:
    _, text = port.tokens.make("cara", "viewer", 1.0)
    good = {"Authorization": f"Bearer {text}"}
    assert port.raw("/v1/me", good)[0] == 200
    assert port.raw("/v1/me", {**good, "Host": f"evil.example:{port.port}"})[0] == 421
    assert port.raw("/v1/me", {**good, "Origin": "https://evil.example"})[0] == 403
    assert port.raw("/v1/me", {**good, "Origin": port.address})[0] == 200


def test_plain_http_and_an_unknown_certificate_get_nowhere(port: Port) -> None:
    plain = http.client.HTTPConnection("127.0.0.1", port.port, timeout=5.0)
    plain.request("GET", "/v1/me", None, {"Host": f"127.0.0.1:{port.port}"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        plain.getresponse()
    plain.close()
    with pytest.raises(Unreachable, match="certificate"):
        Chamber(port.address, token="pvdctl_x").status()
