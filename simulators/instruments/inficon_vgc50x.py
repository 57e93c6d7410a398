"""Simulated INFICON VGC503 gauge controller, three channels, mnemonic protocol.

INFICON VGC501/VGC502/VGC503 manual (mnemonics, status digits p. 72), from the same family as the TPG 36x of this bench,
whose guesses hold here too. Differs: three channels, mbar as delivered. Guessed: the text of AYT (five fields, as on a
TPG 36x); gauge names of TID.
"""

from simulators.instruments.gauge_controller.port import GaugeControllerPort
from simulators.world import World


class SimulatedVgc503(GaugeControllerPort):
    """A VGC503 with `sensors` on its channels from 1 up (names of the plant's gauges) and unit `unit` (0 = mbar)."""

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        sensors: tuple[str, ...] = ("full_range", "capacitance", "foreline"),
        unit: int = 0,
        firmware: str = "1.03",
    ) -> None:
        super().__init__(
            world,
            seed,
            kind="inficon_vgc50x",
            channels=3,
            sensors=sensors,
            unit=unit,
            greatest_unit=5,
            firmware=firmware,
            identity="VGC503,398-483,44990001,{firmware},1.0",
            named={"full_range": "MPG", "capacitance": "CDG", "foreline": "PSG"},
            nothing="noSEn",
        )
