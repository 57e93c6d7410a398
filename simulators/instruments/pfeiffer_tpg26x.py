"""Simulated Pfeiffer TPG 262 gauge controller, two channels, mnemonic protocol.

Pfeiffer TPG 261 and TPG 262 operating instructions (communication protocol), from the same family as the TPG 36x of
this bench, whose guesses hold here too. Differs: two channels, units 0 to 2, mbar as delivered, no AYT (NAK and syntax
error), TID in the older spelling. Guessed: the program number of PNR; that TID names a capacitance gauge CMR.
"""

from simulators.instruments.gauge_controller.port import GaugeControllerPort
from simulators.world import World


class SimulatedTpg262(GaugeControllerPort):
    """A TPG 262 with `sensors` on its channels from 1 up (names of the plant's gauges) and unit `unit` (0 = mbar)."""

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        sensors: tuple[str, ...] = ("full_range", "capacitance"),
        unit: int = 0,
        firmware: str = "302-510-A",
    ) -> None:
        super().__init__(
            world,
            seed,
            kind="pfeiffer_tpg26x",
            channels=2,
            sensors=sensors,
            unit=unit,
            greatest_unit=2,
            firmware=firmware,
            identity="",
            named={"full_range": "PKR", "capacitance": "CMR", "foreline": "TPR"},
            nothing="noSEn",
        )
