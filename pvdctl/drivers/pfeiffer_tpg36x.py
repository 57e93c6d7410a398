"""Pfeiffer TPG 36x gauge controllers (TPG 361, 362, 366): mnemonic protocol.

Serial 9600 8N1 as delivered, USB, or raw TCP on port 8000; the unit's parameter PROTOCOL must be AUTO or MNE. The
dialogue is in `pvdctl.instrument.mnemonic_gauges`. Sources: Pfeiffer TPG 36x operating manuals BG 5500, BG 5510,
BG 5511. Nothing here has been tried on a real unit. Relatives that refuse AYT are told by their PNR.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.instrument.driver import Identity
from pvdctl.instrument.mnemonic_gauges import MnemonicGauges, NotAcknowledged
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.link import Link


class PfeifferTpg36x(MnemonicGauges):
    """Up to six gauges, read together with PRX and given in mbar.

    Polls: `pressures`, `unit`.
    """

    CHANNELS: ClassVar[int] = 6

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings, LineFraming(b"\r\n"))

    def identify(self, link: Link) -> Identity:
        """AYT; older units, which refuse it, tell PNR."""
        self.clear(link)
        try:
            return self.ask_who(link, "(TPG|VGC)")
        except NotAcknowledged:
            return Identity(model="gauge controller without AYT", firmware=self._ask(link, "PNR"))
