"""Clients that know nothing of this project talk to the served instruments: a socket with bytes, pymodbus, pyserial."""

import socket
import time
from pathlib import Path
from typing import Any

import serial
from pymodbus.client import ModbusTcpClient

from pvdctl.clock import sleep_s
from tests.simulators.server.served import HERE, needs_ptys, receive, serving, silent_for

pytestmark = needs_ptys

WHO = bytes.fromhex("21 23 40 4F 37")  # `@`, printed in the SQC-310 manual 074-550-P1B, p. 82-83
WHO_ANSWER = bytes.fromhex("21 38 41 53 51 43 33 31 30 43 20 32 4D 42 20 56 65 72 20 36 2E 36 35 5A 9E")  # captured
POWER_2 = bytes.fromhex("21 26 53 3F 20 32 30 87")  # `S? 2`, printed in 074-550-P1C, p. 114
POWER_2_ANSWER = bytes.fromhex("21 29 41 30 2E 30 30 20 61 88")
TIME = 0x1120  # watchdog time in ms, Beckhoff BK7300


def test_the_monitor_is_asked_with_nothing_but_a_socket_and_bytes_from_the_manual(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.connect("monitor") as line:
        line.sendall(WHO)
        assert receive(line, 25) == WHO_ANSWER
        for byte in POWER_2:  # one byte at a time
            line.sendall(bytes((byte,)))
        assert receive(line, 10) == POWER_2_ANSWER
        line.sendall(b"noise" + WHO + POWER_2)  # noise before, two commands in one packet
        assert receive(line, 35) == WHO_ANSWER + POWER_2_ANSWER
        line.sendall(WHO[:-1] + b"\x38")  # wrong check: status F
        assert receive(line, 5)[2:3] == b"F"
        assert silent_for(line, 0.05)


def test_the_coupler_is_operated_with_pymodbus(tmp_path: Path) -> None:
    with serving(tmp_path, speed=20.0) as served:
        client: Any = ModbusTcpClient(HERE, port=served.port("plc"), timeout=3, retries=0)
        assert client.connect()
        try:
            assert client.read_holding_registers(TIME, count=1).registers == [1000]
            assert not client.write_register(TIME, 60000).isError()
            assert not client.write_coil(8, True).isError()  # roughing pump
            assert client.read_coils(0, count=16).bits[:16] == [number == 8 for number in range(16)]
            assert served.until("the pump runs", roughing_pump_ordered=True)["signals"]
            assert client.write_register(0x4000, 1).exception_code == 2
            assert client.read_coils(10, count=16).exception_code == 2
        finally:
            client.close()


def test_gauges_turbo_and_monitor_are_asked_with_pyserial(tmp_path: Path) -> None:
    with serving(tmp_path):
        with serial.Serial(str(tmp_path / "gauges"), 38400, timeout=3, exclusive=True) as gauges:
            gauges.write(b"\x03")  # ends the lines of the power-up
            gauges.reset_input_buffer()
            sleep_s(0.05)
            gauges.reset_input_buffer()
            gauges.write(b"PNR\r")
            assert gauges.read(3) == b"\x06\r\n"
            gauges.write(b"\x05")
            assert gauges.read_until(b"\r\n") == b"010300\r\n"
        with serial.Serial(str(tmp_path / "turbo"), 9600, timeout=3) as turbo:
            turbo.write(b"0010034902=?111\r")
            assert turbo.read_until(b"\r") == b"0011034906TC 400067\r"
        with serial.Serial(str(tmp_path / "monitor"), 115200, timeout=3) as monitor:
            monitor.write(WHO)
            assert monitor.read(25) == WHO_ANSWER
        with serial.Serial(str(tmp_path / "monitor"), 115200, timeout=3) as monitor:  # clients come and go
            monitor.write(POWER_2)
            assert monitor.read(10) == POWER_2_ANSWER


def test_the_supply_is_asked_in_lines(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.connect("supply") as line:
        line.sendall(b"*CLS\nCURR 12.5\nCURR?;")
        assert silent_for(line, 0.05)
        line.sendall(b"*OPC?\n")
        assert float(line.makefile("rb").readline().split(b";")[0]) == 12.5


def test_an_answer_takes_the_time_of_its_bytes_on_the_line(tmp_path: Path) -> None:
    with serving(tmp_path), serial.Serial(str(tmp_path / "turbo"), 9600, timeout=3) as turbo:
        turbo.write(b"0010034902=?111\r")
        turbo.read_until(b"\r")
        start_s = time.perf_counter()
        turbo.write(b"0010034902=?111\r")
        answer = turbo.read_until(b"\r")
        took_s = time.perf_counter() - start_s
        assert took_s >= (16 + len(answer)) * 10 / 9600
        assert took_s < 1.0


def test_two_clients_of_one_instrument_do_not_finish_each_others_requests(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as served,
        served.connect("monitor") as one,
        served.connect("monitor") as other,
        serial.Serial(str(tmp_path / "monitor"), 115200, timeout=3) as third,
    ):
        one.sendall(WHO[:3])
        sleep_s(0.05)
        other.sendall(POWER_2[:4])
        sleep_s(0.05)
        third.write(WHO)
        assert third.read(25) == WHO_ANSWER
        other.sendall(POWER_2[4:])
        assert receive(other, 10) == POWER_2_ANSWER
        one.sendall(WHO[3:])
        assert receive(one, 25) == WHO_ANSWER
        assert silent_for(one, 0.02)
        assert silent_for(other, 0.02)


def test_two_modbus_clients_and_a_half_frame(tmp_path: Path) -> None:
    ask = bytes.fromhex("0001 0000 0006 01 03 1120 0001")
    answer = bytes.fromhex("0001 0000 0005 01 03 02 03E8")
    with serving(tmp_path) as served, served.connect("plc") as one, served.connect("plc") as other:
        one.sendall(ask[:7])
        sleep_s(0.05)
        other.sendall(ask + ask)
        assert receive(other, 22) == answer + answer
        one.sendall(ask[7:])
        assert receive(one, 11) == answer


def test_who_speaks_no_modbus_is_cut_off_and_nobody_else(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.connect("plc") as one, served.connect("plc") as other:
        one.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert one.recv(10) == b""
        other.sendall(bytes.fromhex("0001 0000 0006 01 03 1120 0001"))
        assert receive(other, 11) == bytes.fromhex("0001 0000 0005 01 03 02 03E8")


def test_a_client_that_does_not_read_stalls_nobody_and_is_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path, speed=1000.0) as served, served.connect("monitor") as other:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(0.2)
            slow.connect((HERE, served.port("monitor")))
            deaf_until_s = time.perf_counter() + 20.0
            cut_off = False
            while not cut_off:
                assert time.perf_counter() < deaf_until_s
                try:
                    slow.sendall(WHO * 500)
                except (ConnectionError, TimeoutError):
                    cut_off = True
                other.sendall(POWER_2)
                assert receive(other, 10) == POWER_2_ANSWER
        other.sendall(POWER_2)
        assert receive(other, 10) == POWER_2_ANSWER


def test_nobody_reads_a_pty_for_long_and_the_rest_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path, speed=200.0) as served:
        served.until("an hour of lines nobody reads", within_s=10.0, layers=[])
        with serial.Serial(str(tmp_path / "turbo"), 9600, timeout=3) as turbo:
            for _ in range(500):  # far more than a pty holds
                turbo.write(b"0010034902=?111\r")
            sleep_s(0.3)
            turbo.reset_input_buffer()
            turbo.write(b"0010034902=?111\r")
            assert b"0011034906TC 400067\r" in turbo.read(4096 if turbo.in_waiting else 20)
