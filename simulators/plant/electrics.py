"""The supply and the selector that puts it on one of the two boats.

Constant current or constant voltage, whichever limit the load (boat + leads) meets first; the output follows its
programme with a first-order lag. While the selector travels, and over a broken boat, the circuit is open: no current,
the programmed voltage at the terminals, constant voltage. Not modelled: ripple, slew limit, cable inductance.
"""

from math import exp, inf

SETTLED_A = 1e-4
"""Nearer than this to its target the current is taken as there."""


class Supply:
    """Programme, output and the heat integrals of one supply; `amp2_s` holds the integral of I^2 over the step."""

    __slots__ = (
        "_lag_s",
        "_select_s",
        "_since_s",
        "amp2_s",
        "amps",
        "amps_limit",
        "enabled",
        "on",
        "selected",
        "selected_at_s",
        "tripped",
        "volts_limit",
        "wanted",
    )

    def __init__(self, lag_s: float, select_s: float) -> None:
        self._lag_s = lag_s
        self._select_s = select_s
        self._since_s = 0.0
        self.wanted = 1
        """Where the selector was sent."""
        self.volts_limit = 0.0
        self.amps_limit = 0.0
        self.on = False
        self.enabled = False
        """The PLC's contactor."""
        self.tripped = False
        """Latched until the output is programmed off."""
        self.amps = 0.0
        self.selected = 1
        """Boat 1 or 2; 0 while the selector travels."""
        self.selected_at_s = inf
        """When the selector arrives; inf when it rests."""
        self.amp2_s = [0.0, 0.0, 0.0]
        """Integral of I^2 dt since the step began, by boat (0 unused)."""

    @property
    def live(self) -> bool:
        """Whether the output may drive current."""
        return self.on and self.enabled and not self.tripped

    def run(self, to_s: float, load_ohm: float) -> None:
        """Carry the current, and the heat it makes, on to `to_s`; load_ohm: inf for an open circuit."""
        span_s = to_s - self._since_s
        if span_s <= 0.0:
            return
        self._since_s = to_s
        if load_ohm == inf:
            self.amps = 0.0
            return
        target = 0.0  # the current that the programme would settle at
        if self.on and self.enabled and not self.tripped:
            target = self.volts_limit / load_ohm
            if target >= self.amps_limit:
                target = self.amps_limit
        amps = self.amps
        away = amps - target
        if -SETTLED_A < away < SETTLED_A:
            self.amps = target
            heat = target * target * span_s
        else:
            lag = self._lag_s
            decay = exp(-span_s / lag)
            self.amps = target + away * decay
            heat = (
                target * target * span_s
                + 2.0 * target * away * lag * (1.0 - decay)
                + 0.5 * away * away * lag * (1.0 - decay * decay)
            )
        self.amp2_s[self.selected] += heat

    def programme(self, volts: float, amps: float, on: bool) -> None:
        """New limits and output state; off unlatches a trip."""
        self.volts_limit = volts
        self.amps_limit = amps
        self.on = on
        if not on:
            self.tripped = False

    def select(self, boat: int, now_s: float) -> None:
        """Send the selector to boat 1 or 2; on its way the circuit is open."""
        self.wanted = boat
        self.selected = 0
        self.amps = 0.0
        self.selected_at_s = now_s + self._select_s

    def arrive(self) -> None:
        """The selector has reached the boat it was sent to."""
        self.selected = self.wanted
        self.selected_at_s = inf

    def terminals(self, load_ohm: float) -> tuple[float, float, bool]:
        """Volts and amps at the terminals, and whether voltage is what limits."""
        if not self.live:
            return (self.amps * load_ohm if self.amps else 0.0), self.amps, False
        if self.selected == 0 or load_ohm == inf:
            return self.volts_limit, 0.0, True
        return self.amps * load_ohm, self.amps, self.volts_limit < self.amps_limit * load_ohm
