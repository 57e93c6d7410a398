"""Simulated Modbus TCP I/O coupler of the plant's PLC level: outputs, inputs, and the watchdog that outlives the host.

MBAP header and functions 1, 2, 3, 4, 5, 6, 15, 16: Modbus application protocol V1.1b3 and Modbus messaging on TCP/IP
V1.0b. Register map (addresses as on the wire):

| address | what | from |
| --- | --- | --- |
| coils 0 up | outputs, written and read back (the commanded state, not a position) | Beckhoff BK7300 |
| inputs 0 up | inputs | Beckhoff BK7300 |
| 0x0000 up | inputs as words, read only | Beckhoff BK7300 |
| 0x0800 up | outputs as words | Beckhoff BK7300 |
| 0x1006 | watchdog: 0 off or not yet armed, 1 running, 2 expired | WAGO 750 |
| 0x1010 to 0x1013 | image lengths in bits: AO, AI, DO, DI | Beckhoff BK7300 |
| 0x1020 | watchdog: ms left (the manual says "current time") | guess |
| 0x1120 | watchdog time in ms, 1000 as delivered, 0 = off | Beckhoff BK7300 |
| 0x1121 | reset: BECF, then AFFE | handbook value, not checked |
| 0x1122 | fed by 0 = write telegrams, 1 = any telegram | Beckhoff BK7300 |

That a BK9000 (TCP) has the layout of a BK7300 is not checked. The mixture with WAGO's status register, and the rest of
this list, is this simulator's own choice; a small PLC behind the coupler could be programmed to it:

- With an output wired as `heartbeat` only a *change* of that output feeds the watchdog, whatever 0x1122 says.
- The first write to an output arms it. On expiry all outputs go to 0 and writes to them answer exception 04 (WAGO's
  behaviour) until the reset; after it outputs stay 0 and the next write arms again.
- The unit identifier is ignored and repeated. A frame that is no Modbus drops all that has arrived (a real coupler
  would close the connection); half a frame is dropped after 1 s.
- A restart switches all outputs off and keeps the registers. 1 ms from request to answer.
"""

from simulators.instruments.coupler.port import CouplerPort


class SimulatedCoupler(CouplerPort):
    """The generic coupler, see `CouplerPort` for wiring and counts."""
