"""Rate control by the host on the supply's current: PI on the error in ln(rate).

A source's rate goes as exp(-B/T), so its gain is proportional to the rate; in ln(rate) the loop has one gain at every
rate (NIST did it with a logarithmic amplifier in 1996). Tuning is IMC-PI from the film's gain, time constant and dead
time: Kc = tau / (K (lambda + L)), Ti = tau.
"""

from math import log

from pvdctl.chamber.model import RateControl as Tuning

ERROR_LIMIT = 0.7
"""Error in ln(rate) that is acted on at once: a factor of two. More (shutter just opened, first vapour) would only run
into the slew limit. A choice."""


class RateControl:
    """The loop for one source and film.

    current_a: what to ask of the supply. at_limit: the current sits at the source's maximum.
    """

    __slots__ = ("_gain_a", "_last_error", "_max_a", "_slew_a_per_s", "_time_constant_s", "at_limit", "current_a")

    def __init__(self, tuning: Tuning, max_current_a: float, max_slew_a_per_s: float) -> None:
        self._gain_a = tuning.time_constant_s / (tuning.gain_per_a * (tuning.closed_loop_s + tuning.dead_time_s))
        self._time_constant_s = tuning.time_constant_s
        self._max_a = max_current_a
        self._slew_a_per_s = max_slew_a_per_s
        self._last_error: float | None = None
        self.current_a = 0.0
        self.at_limit = False

    def start(self, current_a: float) -> None:
        """Take over bumplessly at the present current."""
        self.current_a = current_a
        self._last_error = None
        self.at_limit = False

    def step(self, target_nm_per_s: float, rate_nm_per_s: float, elapsed_s: float) -> float:
        """One step on a new measurement; returns the current to ask. Slew and maximum are limits, never exceeded."""
        error = log(target_nm_per_s / rate_nm_per_s) if rate_nm_per_s > 0.0 else ERROR_LIMIT
        error = ERROR_LIMIT if error > ERROR_LIMIT else -ERROR_LIMIT if error < -ERROR_LIMIT else error
        last = self._last_error if self._last_error is not None else error
        change_a = self._gain_a * (error - last + error * elapsed_s / self._time_constant_s)
        self._last_error = error
        most_a = self._slew_a_per_s * elapsed_s
        change_a = most_a if change_a > most_a else -most_a if change_a < -most_a else change_a
        current_a = self.current_a + change_a
        self.at_limit = current_a >= self._max_a
        self.current_a = self._max_a if self.at_limit else current_a if current_a > 0.0 else 0.0
        return self.current_a
