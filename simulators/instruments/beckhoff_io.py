"""Simulated Beckhoff BK9000-style coupler: as the generic coupler of this bench, with Beckhoff's watchdog alone.

Register map: Beckhoff BK7300 manual p. 36; that a BK9000 has it too is not checked. Differs from `modbus_io`: no WAGO
status register (0x1006 answers exception 02); every write telegram feeds the watchdog, a heartbeat output is an output
that drives nothing. Guessed: the current time (0x1020) counts down to 0; after an expiry writes are acknowledged
without effect until the reset words have come.
"""

from collections.abc import Mapping

from simulators.instruments.coupler.port import STATUS, CouplerPort
from simulators.instruments.coupler.refusal import ILLEGAL_ADDRESS, RefusedError
from simulators.instruments.coupler.wiring import DEFAULT_INPUTS, DEFAULT_OUTPUTS, HEARTBEAT
from simulators.world import World


class SimulatedBeckhoff(CouplerPort):
    """See `CouplerPort` for wiring and counts; an output wired as `heartbeat` is left unconnected."""

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        outputs: Mapping[int, str] = DEFAULT_OUTPUTS,
        inputs: Mapping[int, str] = DEFAULT_INPUTS,
        output_count: int = 16,
        input_count: int = 32,
        watchdog_ms: int = 1000,
    ) -> None:
        connected = {bit: name for bit, name in outputs.items() if name != HEARTBEAT}
        super().__init__(
            world,
            seed,
            outputs=connected,
            inputs=inputs,
            output_count=output_count,
            input_count=input_count,
            watchdog_ms=watchdog_ms,
        )

    def _register(self, address: int) -> int:
        if address == STATUS:
            raise RefusedError(ILLEGAL_ADDRESS)
        return super()._register(address)

    def _write_outputs(self, mask: int, bits: int) -> None:
        if not self._watchdog.expired:
            super()._write_outputs(mask, bits)
