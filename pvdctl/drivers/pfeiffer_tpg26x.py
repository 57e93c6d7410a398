"""Pfeiffer TPG 261 and TPG 262 gauge controllers: mnemonic protocol, one or two gauges.

Serial 9600 8N1 as delivered. The dialogue is in `pvdctl.instrument.mnemonic_gauges`. These units have no AYT: they are
known by their program number (PNR) and by the gauges they name (TID). Source: Pfeiffer TPG 261 and TPG 262 operating
instructions (communication protocol). Nothing here has been tried on a real unit.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError
from pvdctl.instrument.driver import Identity
from pvdctl.instrument.mnemonic_gauges import MnemonicGauges
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.link import Link


class PfeifferTpg26x(MnemonicGauges):
    """One or two gauges, read together with PRX and given in mbar.

    Polls: `pressures`, `unit`.
    """

    CHANNELS: ClassVar[int] = 2

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings, LineFraming(b"\r\n"))

    def identify(self, link: Link) -> Identity:
        """PNR, and the gauges by TID, which must be one or two. Raises InstrumentError."""
        self.clear(link)
        firmware = self._ask(link, "PNR")
        gauges = self._ask(link, "TID")
        if not firmware or not 1 <= len(gauges.split(",")) <= self.CHANNELS:
            raise InstrumentError(
                f"{self.name}: a TPG 26x with one or two gauges was expected, the instrument says '{gauges}' "
                f"(program '{firmware}'). Check the link in the chamber file."
            )
        return Identity(model=f"TPG 26x with {gauges.replace(',', ', ')}", firmware=firmware)
