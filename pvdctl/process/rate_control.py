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
FAR = 0.2
"""Beyond this error, and as long as the rate is on its way, the integral part stands still: the source is still
warming towards the current it has (its slowest lump takes minutes), and what integrated now would overshoot later."""
TREND_S = 3.0
"""Smoothing time of the trend; a few times the filter of the rate."""
ON_ITS_WAY_PER_S = 0.005
"""Approach of ln(rate) to the target that counts as on its way: a factor of two in 140 s. Slower than this the current
is wrong and is integrated upon."""
LONGEST_JUMP_S = 0.45
"""One step moves the current by no more than the slew allows in this time, two polls of the monitor and a bit: after a
silence the current ramps, it does not catch up in a jump. A choice."""


class RateControl:
    """The loop for one source and film.

    current_a: what to ask of the supply. at_limit: the current sits at the source's maximum.
    """

    __slots__ = (
        "_base_a",
        "_gain_a",
        "_max_a",
        "_slew_a_per_s",
        "_smooth",
        "_time_constant_s",
        "at_limit",
        "current_a",
    )

    def __init__(self, tuning: Tuning, max_current_a: float, max_slew_a_per_s: float) -> None:
        self._gain_a = tuning.time_constant_s / (tuning.gain_per_a * (tuning.closed_loop_s + tuning.dead_time_s))
        self._time_constant_s = tuning.time_constant_s
        self._max_a = max_current_a
        self._slew_a_per_s = max_slew_a_per_s
        self._base_a = 0.0
        self._smooth: float | None = None
        self.current_a = 0.0
        self.at_limit = False

    def start(self, current_a: float) -> None:
        """Take over at the present current: the loop's integral part begins there."""
        self.current_a = self._base_a = current_a
        self._smooth = None
        self.at_limit = False

    def step(self, target_nm_per_s: float, rate_nm_per_s: float, elapsed_s: float) -> float:
        """One step on a new measurement; returns the current to ask. Slew and maximum are limits, never exceeded.

        While a limit holds the current back, the integral part stands still (no wind-up).
        """
        error = log(target_nm_per_s / rate_nm_per_s) if rate_nm_per_s > 0.0 else ERROR_LIMIT
        smooth = self._smooth if self._smooth is not None else error
        closing_per_s = (smooth - error) / TREND_S if error > 0.0 else (error - smooth) / TREND_S
        self._smooth = smooth + (error - smooth) * elapsed_s / TREND_S
        far = (error > FAR or error < -FAR) and closing_per_s > ON_ITS_WAY_PER_S
        error = ERROR_LIMIT if error > ERROR_LIMIT else -ERROR_LIMIT if error < -ERROR_LIMIT else error
        more_a = 0.0 if far else self._gain_a * error * elapsed_s / self._time_constant_s
        wanted_a = self._base_a + more_a + self._gain_a * error
        most_a = self._slew_a_per_s * (elapsed_s if elapsed_s < LONGEST_JUMP_S else LONGEST_JUMP_S)
        change_a = wanted_a - self.current_a
        if change_a > most_a:
            change_a = most_a
        elif change_a < -most_a:
            change_a = -most_a
        else:
            self._base_a += more_a
        current_a = self.current_a + change_a
        self.at_limit = current_a >= self._max_a
        if self.at_limit:
            current_a = self._max_a
            self._base_a = min(self._base_a, self._max_a)
        self.current_a = current_a if current_a > 0.0 else 0.0
        return self.current_a
