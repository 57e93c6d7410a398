"""An instrument's settings, from the chamber file's text to the plain values a driver takes.

A driver names its settings with their unit inside (`max_current_a`); the file writes them with the unit outside
(`max_current: 200 A`), as everywhere.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pvdctl.chamber.near import near_miss
from pvdctl.errors import OperatorError
from pvdctl.quantities import NotAQuantity, parse, split_name


def driver_settings(instrument: str, settings: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """`settings` of the chamber file under the driver's own names (`known`), quantities as numbers.

    Raises OperatorError, naming the instrument, for a setting the driver does not know or a quantity that is none.
    """
    names = {split_name(name)[0]: name for name in known}
    plain: dict[str, Any] = {}
    for key, value in settings.items():
        name = names.get(key)
        if name is None:
            hint = near_miss(key, names) if names else "its driver has no settings"
            raise OperatorError(f"instrument {instrument}: setting '{key}' is not known to its driver; {hint}.")
        unit = split_name(name)[1]
        try:
            plain[name] = value if unit is None else parse(value, unit)
        except NotAQuantity as error:
            raise OperatorError(f"instrument {instrument}: setting '{key}': {error}.") from error
    return plain
