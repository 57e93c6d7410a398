"""INFICON VGC501, VGC502 and VGC503 gauge controllers: mnemonic protocol, one to three gauges.

USB or RS-232 at 9600 8N1 as delivered, or Ethernet. The dialogue is in `pvdctl.instrument.mnemonic_gauges`. Source:
INFICON VGC501/VGC502/VGC503 manual (mnemonics; status digits p. 72). Nothing here has been tried on a real unit;
that AYT has the five fields of Pfeiffer's TPG 36x is assumed from their kinship.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.instrument.driver import Identity
from pvdctl.instrument.mnemonic_gauges import MnemonicGauges
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.link import Link


class InficonVgc50x(MnemonicGauges):
    """One to three gauges, read together with PRX and given in mbar.

    Polls: `pressures`, `unit`.
    """

    CHANNELS: ClassVar[int] = 3

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings, LineFraming(b"\r\n"))

    def identify(self, link: Link) -> Identity:
        """AYT, which must name a VGC50x. Raises InstrumentError."""
        self.clear(link)
        return self.ask_who(link, "VGC50")
