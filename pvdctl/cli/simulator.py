"""`pvdctl simulator serve`: the simulated chamber as real ports of this machine, for pvdctl or any other client."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.model import Chamber, Line, ModbusLine, SerialLine, TcpLine, VisaLine
from pvdctl.chamber.readdress import readdressed
from pvdctl.cli import shipped
from pvdctl.cli.assemble import judge_fault, make_bench, make_server
from pvdctl.cli.chambers import chamber_from
from pvdctl.cli.equip import make_drivers
from pvdctl.cli.exits import DONE, WrongUsage, must_be_readable, say
from pvdctl.cli.lines import drivers_by_link
from pvdctl.errors import OperatorError
from pvdctl.instrument.driver import Driver

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound
"""Where a client on this machine finds a server that listens everywhere."""
MONITOR_PORT_NAME = "tcp"
"""The SQC-310's second connector: an SQC-310 with the Ethernet option answers on a raw socket beside RS-232."""

REQUESTS = {"inficon_sqc310": "packets", "inficon_sqm160": "packets", "scpi_supply": "lines"}
"""How the requests of several clients of one instrument are told apart (names of `simulators.server.requests`); what is
not here is handed over as it comes."""


@dataclass(frozen=True)
class Wish:
    """What is to be served, as asked on the command line.

    speed: simulated seconds per second; 0: only as the truth socket is told. host: address to listen on. directory:
    where the ptys get their names; None for a temporary one. ports: `LINK=PORT`, any free port for links not named.
    write_chamber: file to write, or None. truth_port: port of the socket for tests, 0 = any free one; None: no such
    socket.
    """

    chamber: Path | None = None
    speed: float = 1.0
    seed: int = 1
    faults: Sequence[str] = ()
    host: str = "127.0.0.1"
    directory: Path | None = None
    ports: Sequence[str] = ()
    write_chamber: Path | None = None
    truth_port: int | None = None


@dataclass
class Plan:
    """The ports to open, and after that the lines of a chamber file that leads to them."""

    ports: list[dict[str, Any]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    """For each port the link it serves, or `<link>.tcp` for the monitor's second connector."""


def serve(wish: Wish) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit code. Raises PvdctlError when it cannot begin."""
    path = wish.chamber or shipped.chamber_file()
    must_be_readable(path, "chamber file")
    loaded = chamber_from(path)
    chamber = loaded.model
    for fault in wish.faults:
        judge_served_fault(fault, chamber, phases_are_told=wish.truth_port is not None)
    made_here = wish.directory is None
    directory = Path(tempfile.mkdtemp(prefix="pvd-simulated-")) if wish.directory is None else wish.directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return _serve(wish, loaded, directory)
    except OSError as error:
        raise WrongUsage(f"{error.filename or directory}: {error.strerror or error}; choose another place") from error
    finally:
        if made_here:
            shutil.rmtree(directory, ignore_errors=True)


def judge_served_fault(fault: str, chamber: Chamber, *, phases_are_told: bool) -> None:
    """Raises WrongUsage for a fault that cannot happen here."""
    when = fault.partition("@")[2].partition(":")[0]
    step = when.partition(".")[0]
    by_phase = not when[:1].isdigit() and "." in when
    if by_phase and not phases_are_told:
        raise WrongUsage(
            f"--fault {fault}: a served chamber knows nothing of recipes; give a time such as 90s, or open a "
            "--truth-port through which it is told of phases"
        )
    try:
        judge_fault(fault, list(chamber.instruments), [step] if by_phase else [])
    except OperatorError as error:
        raise WrongUsage(f"--fault: {error}") from error


def _serve(wish: Wish, loaded: LoadedChamber, directory: Path) -> int:
    chamber = loaded.model
    drivers = make_drivers(chamber)
    plan = _plan(chamber, drivers, wish, directory.absolute())
    bench = make_bench(chamber, drivers, wish.seed, wish.faults)
    truth_at = (wish.host, wish.truth_port) if wish.truth_port is not None else None
    server, truth = make_server(bench, plan.ports, wish.speed, truth_at)
    try:
        addresses = {link: outlet.address for link, outlet in zip(plan.links, server.outlets, strict=True)}
        if wish.write_chamber is not None:
            _write_chamber(wish.write_chamber, loaded, _lines(chamber, addresses))
        before = {number: signal.signal(number, lambda *_: server.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            _announce(wish, chamber, addresses, truth.port if truth is not None else None)
            server.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    finally:
        server.close()
    if server.time.worst_behind_s > 1.0:
        say(
            f"The simulation was up to {server.time.worst_behind_s:.1f} s behind its clock: "
            f"this machine does not reach {wish.speed:g} simulated seconds per second."
        )
    return DONE


def _plan(chamber: Chamber, drivers: Mapping[str, Driver], wish: Wish, directory: Path) -> Plan:
    """Which ports to open. Raises OperatorError."""
    fixed = _fixed_ports(wish.ports, chamber)
    plan = Plan()
    by_link = drivers_by_link(chamber, drivers)
    for link, line in chamber.links.items():
        name, *also = (driver.name for driver in by_link[link])
        driver = chamber.instruments[name].driver
        requests = "modbus" if drivers[name].SPEAKS == "modbus" else REQUESTS.get(driver, "whole")
        has_ethernet_too = driver == "inficon_sqc310"
        on_a_pty = isinstance(line, SerialLine) or (isinstance(line, VisaLine) and line.resource.startswith("ASRL"))
        if on_a_pty:
            baud = line.baud if isinstance(line, SerialLine) else 0
            plan.ports.append(
                {
                    "instrument": name,
                    "kind": "pty",
                    "where": str(directory / name),
                    "baud": baud,
                    "requests": requests if has_ethernet_too else "whole",
                    "also": tuple(also),
                }
            )
            plan.links.append(link)
        if not on_a_pty or has_ethernet_too:
            key = f"{link}.{MONITOR_PORT_NAME}" if on_a_pty else link
            port = fixed.pop(key, 0)
            plan.ports.append(
                {
                    "instrument": name,
                    "kind": "tcp",
                    "where": wish.host,
                    "port": port,
                    "requests": requests,
                    "also": tuple(also),
                }
            )
            plan.links.append(key)
    if fixed:
        known = ", ".join(key for key, port in zip(plan.links, plan.ports, strict=True) if port["kind"] == "tcp")
        raise WrongUsage(f"--port {next(iter(fixed))}=...: no TCP port is opened for it; there are {known}")
    return plan


def _fixed_ports(texts: Sequence[str], chamber: Chamber) -> dict[str, int]:
    fixed = {}
    for text in texts:
        link, _, number = text.partition("=")
        if not number.isdecimal() or not 0 <= int(number) <= 65535:
            raise WrongUsage(f"--port {text}: wanted LINK=PORT such as {next(iter(chamber.links))}=2101")
        fixed[link] = int(number)
    return fixed


def _lines(chamber: Chamber, addresses: Mapping[str, str]) -> dict[str, Line]:
    """The links of a chamber file that lead to these addresses."""
    lines: dict[str, Line] = {}
    for link, line in chamber.links.items():
        address = addresses[link]
        host, _, port = address.rpartition(":")
        host = WILDCARDS.get(host, host)
        if isinstance(line, SerialLine):
            lines[link] = SerialLine(kind="serial", device=address, baud=line.baud)
        elif isinstance(line, TcpLine):
            lines[link] = TcpLine(kind="tcp", host=host, port=int(port))
        elif isinstance(line, ModbusLine):
            lines[link] = ModbusLine(kind="modbus_tcp", host=host, port=int(port))
        elif line.resource.startswith("ASRL"):
            lines[link] = VisaLine(kind="visa", resource=f"ASRL{address}::INSTR")
        else:
            lines[link] = VisaLine(kind="visa", resource=f"TCPIP::{host}::{port}::SOCKET")
    return lines


def _write_chamber(path: Path, loaded: LoadedChamber, lines: Mapping[str, Line]) -> None:
    """Write the file whole or not at all: a client may be waiting for it to appear."""
    remark = f"Ports of a simulated chamber, valid while it is served (process {os.getpid()})."
    text = readdressed(loaded, lines, remark)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _announce(wish: Wish, chamber: Chamber, addresses: Mapping[str, str], truth_port: int | None) -> None:
    """Say where everything is; the last line begins with READY and is for programs."""
    said: dict[str, object] = {
        "chamber": chamber.chamber,
        "simulated": True,
        "seed": wish.seed,
        "speed": wish.speed,
        "pid": os.getpid(),
        "links": dict(addresses),
        "chamber_file": str(wish.write_chamber) if wish.write_chamber is not None else None,
        "truth": f"{wish.host}:{truth_port}" if truth_port is not None else None,
    }
    say(f"SIMULATED chamber {chamber.chamber}, {wish.speed:g} simulated seconds per second. Ctrl-C ends it.")
    if wish.speed > 1.0:
        left_s = chamber.io.heartbeat.watchdog_s / wish.speed
        say(
            f"Its PLC waits {left_s:g} s of yours for a heartbeat: `pvdctl run` and `serve` keep real time and may "
            "miss it."
        )
    for link, address in addresses.items():
        say(f"  {link:<18} {address}")
    print(f"READY {json.dumps(said)}", flush=True)
