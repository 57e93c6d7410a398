"""Simulated Pfeiffer TPG 366 gauge controller, six channels, mnemonic protocol.

Pfeiffer TPG 261 / TPG 36x and INFICON VGC402 manuals (communication protocol: mnemonic + CR, ACK, ENQ, data). Channel 1
is the full-range gauge, 2 the capacitance gauge, 3 the foreline Pirani; nothing is connected to 4 to 6.

Guessed, or chosen where the sources are silent:

- After power-up one line per second like that of COM until the first byte; if nobody took them, only the newest few are
  still in the cable when somebody listens (a serial driver's buffer would have run over).
- Only capitals are understood; LF and blanks are ignored; a line over 64 characters is a syntax error.
- SEN can switch the full-range gauge only; the others answer 0. SEN without parameters asks.
- Values with status 3 to 6 are what the plant gives; without a sensor 2.0000E-2, as the manuals have it.
- In volts (unit 5) log gauges give 0.6 lg(p/mbar) + 6.8 V (the PKR 2xx characteristic), capacitance gauges 10 V at full
  scale 1000 mbar.
- The unit survives a restart; error word, half a line, last mnemonic and COM do not. 2 ms from request to answer.
"""

from simulators.instruments.gauge_controller.port import GaugeControllerPort
from simulators.world import World


class SimulatedTpg366(GaugeControllerPort):
    """A TPG 366 with `sensors` on its channels from 1 up (names of the plant's gauges) and unit `unit` (4 = hPa)."""

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        sensors: tuple[str, ...] = ("full_range", "capacitance", "foreline"),
        unit: int = 4,
        firmware: str = "010300",
    ) -> None:
        super().__init__(
            world,
            seed,
            kind="pfeiffer_tpg36x",
            channels=6,
            sensors=sensors,
            unit=unit,
            greatest_unit=5,
            firmware=firmware,
            identity="TPG366,PTG28290,44990000,{firmware},010100",
            named={"full_range": "PKR", "capacitance": "CMR/APR", "foreline": "TPR/PCR"},
            nothing="noSENSOR",
        )
