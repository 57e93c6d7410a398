"""Which drivers share a link, and whether they may."""

from collections.abc import Mapping

from pvdctl.chamber.model import Chamber
from pvdctl.errors import OperatorError
from pvdctl.instrument.driver import Driver


def drivers_by_link(chamber: Chamber, drivers: Mapping[str, Driver]) -> dict[str, list[Driver]]:
    """The drivers on each link that an instrument uses, in the chamber file's order.

    Raises OperatorError where a link is shared by instruments that cannot be told apart on it (`Driver.bus_address`),
    or that speak differently.
    """
    by_link: dict[str, list[Driver]] = {}
    for name, instrument in chamber.instruments.items():
        by_link.setdefault(instrument.link, []).append(drivers[name])
    for link, sharing in by_link.items():
        if len(sharing) > 1:
            _judge(chamber, link, sharing)
    return by_link


def _judge(chamber: Chamber, link: str, sharing: list[Driver]) -> None:
    where = f"chamber {chamber.chamber}: link {link} is shared by {', '.join(driver.name for driver in sharing)}"
    alone = [driver.name for driver in sharing if driver.bus_address is None]
    if alone:
        raise OperatorError(
            f"{where}; {' and '.join(alone)} would take part in what is meant for others. Give "
            f"{'each' if len(alone) > 1 else 'it'} a link of its own."
        )
    if len({type(driver) for driver in sharing}) > 1:
        raise OperatorError(f"{where}; only instruments with the same driver share a link. Give each kind its own.")
    seen: dict[int | None, str] = {}
    for driver in sharing:
        if driver.bus_address in seen:
            raise OperatorError(
                f"{where}; {seen[driver.bus_address]} and {driver.name} have the same address {driver.bus_address}. "
                "Set another at one of them, and write it in its settings."
            )
        seen[driver.bus_address] = driver.name
