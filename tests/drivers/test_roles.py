"""Every driver is found by its name, fills its role, and documents what it takes."""

import pkgutil

import pytest

import pvdctl.drivers
from pvdctl.drivers.beckhoff_io import BeckhoffIo
from pvdctl.drivers.bronkhorst_mfc import BronkhorstMfc
from pvdctl.drivers.inficon_sqc310 import InficonSqc310
from pvdctl.drivers.inficon_sqm160 import InficonSqm160
from pvdctl.drivers.inficon_vgc50x import InficonVgc50x
from pvdctl.drivers.modbus_io import ModbusIo
from pvdctl.drivers.pfeiffer_tc400 import PfeifferTc400
from pvdctl.drivers.pfeiffer_tpg26x import PfeifferTpg26x
from pvdctl.drivers.pfeiffer_tpg36x import PfeifferTpg36x
from pvdctl.drivers.scpi_supply import ScpiSupply
from pvdctl.drivers.tdk_genesys import TdkGenesys
from pvdctl.drivers.wago_io import WagoIo
from pvdctl.errors import Bug, OperatorError
from pvdctl.instrument.driver import Driver, find
from pvdctl.instrument.roles import DigitalIO, FlowController, GaugeController, RateMonitor, Supply, Turbo

# The type checker judges these; at run time they are what the tests below are given.
MONITOR: RateMonitor = InficonSqc310("monitor", {})
SQM160: RateMonitor = InficonSqm160("monitor", {})
SUPPLY: Supply = ScpiSupply("supply", {"max_current_a": 200.0, "max_voltage_v": 6.0})
GAUGES: GaugeController = PfeifferTpg36x("gauges", {"gauges": {"full_range": 1}})
TPG26X: GaugeController = PfeifferTpg26x("gauges", {"gauges": {"full_range": 1}})
VGC50X: GaugeController = InficonVgc50x("gauges", {"gauges": {"full_range": 1}})
GENESYS: Supply = TdkGenesys("supply", {"max_current_a": 200.0, "max_voltage_v": 6.0})
TURBO: Turbo = PfeifferTc400("turbo", {})
MFC: FlowController = BronkhorstMfc("mfc", {"full_scale_sccm": 20000.0})
IO_MAP = {"outputs": {"gate_valve": 1}, "inputs": {"door_closed": 0}, "heartbeat": 15}
PLC: DigitalIO = ModbusIo("plc", IO_MAP)
BECKHOFF: DigitalIO = BeckhoffIo("plc", IO_MAP)
WAGO: DigitalIO = WagoIo("plc", IO_MAP)

DRIVERS = [
    (MONITOR, RateMonitor),
    (SQM160, RateMonitor),
    (SUPPLY, Supply),
    (GENESYS, Supply),
    (GAUGES, GaugeController),
    (TPG26X, GaugeController),
    (VGC50X, GaugeController),
    (TURBO, Turbo),
    (PLC, DigitalIO),
    (BECKHOFF, DigitalIO),
    (WAGO, DigitalIO),
    (MFC, FlowController),
]


@pytest.mark.parametrize(("driver", "role"), DRIVERS, ids=[type(d).__name__ for d, _ in DRIVERS])
def test_a_driver_fills_its_role(driver: Driver, role: type) -> None:
    assert isinstance(driver, role)
    assert find(type(driver).__module__.rpartition(".")[2]) is type(driver)
    assert driver.DEADLINE_S <= 0.3
    assert driver.__doc__
    assert driver.polls
    names = [poll.name for poll in driver.polls]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{driver.name}.") for name in names)
    tags = [tag for poll in driver.polls for tag in poll.tags]
    assert len({tag.name for tag in tags}) == len(tags)
    for poll in driver.polls:
        assert poll.name.partition(".")[2] in (type(driver).__doc__ or ""), "polls are named in the class's text"


def test_every_module_of_the_drivers_is_tested_here() -> None:
    here = {type(driver).__module__ for driver, _ in DRIVERS}
    assert here == {f"pvdctl.drivers.{module.name}" for module in pkgutil.iter_modules(pvdctl.drivers.__path__)}


@pytest.mark.parametrize(("driver", "role"), DRIVERS, ids=[type(d).__name__ for d, _ in DRIVERS])
def test_an_unknown_setting_is_refused_with_the_known_ones(driver: Driver, role: type) -> None:
    with pytest.raises(OperatorError, match=r"instrument x: setting 'adress' is not known"):
        type(driver)("x", {**driver.settings, "adress": 1})


def test_an_act_before_there_is_a_link_is_a_bug() -> None:
    with pytest.raises(Bug, match="before it was attached"):
        MONITOR.zero_thickness()
