"""Rate and thickness of a film from one crystal: what the controller steers by.

Reckoned from the frequency (0.01 Hz), which is far finer than the monitor's displayed 0.1 nm. A measurement is seen as
new when the frequency changes; the time between measurements is taken as a whole number of the monitor's periods,
because the scan sees it only to the nearest scan. Spits (single jumps on the crystal that the substrate does not share)
are left out of the rate and of the thickness.
"""

from math import sqrt

from pvdctl.chamber.model import Film, Monitor
from pvdctl.instrument.roles import Sensor
from pvdctl.instrument.tag import GOOD
from pvdctl.process.zmatch import ZMatch

OUTLIER_SIGMAS = 6.0
"""A step beyond this many sigmas of the crystal's noise plus a share of the expected step is not film.
Choice: at 6 sigma chance calls one good reading in 5e8 an outlier."""
OUTLIER_SHARE = 0.4
"""Flux noise of 5 % rms stays far inside; a spit of 0.1 nm at 0.5 nm/s (0.125 nm a reading) lies outside."""
LOSS_SHARE = 0.7
"""A step too small by more than this share is no film either (a flake has left the crystal). Wider than the share for
growth, because a measurement taken for two periods old when it is one looks half too small, and is film."""
BEAT_DRIFT = 0.02
"""Share of a measurement's lateness by which the beat is moved: follows a period that is 1 % off. A choice."""
OUTLIERS_MEAN_CHANGE = 4
"""This many outliers running are no spit but a real change of rate (one second at 0.25 s)."""
QUALITY_PERCENT = 25.0
"""A raw rate farther than this (or 4 sigmas of crystal noise) from the filtered one counts the quality counter up,
a closer one counts it down; as INFICON's crystal quality setting (IC/5 manual p. 4-8), with its 25 % step."""
QUALITY_FAIL = 40
"""Quality count at which the crystal has failed: 10 s of bad readings on end. A guess."""
FROZEN_PERIODS = 16
"""A frequency exactly the same for this many periods has stopped being measured: with 0.03 Hz noise and 0.01 Hz steps
two readings agree once in ten."""
DEAD_S = 1.0
"""Without oscillation this long the crystal has failed (four readings at 0.25 s). A guess."""


class Crystal:
    """One sensor, calibrated for one film.

    film_nm: film on the substrate side had its shutter been open since `start` (tooling applied, outliers left out).
    rate_nm_per_s: filtered; raw_rate_nm_per_s: of the newest measurement. new: this scan brought a measurement.
    failure: empty, or why the crystal cannot be used any more. lost: empty, or why there is no reading now.
    """

    def __init__(self, number: int, sensor: Sensor, film: Film, monitor: Monitor) -> None:
        self.number = number
        self._tag = sensor.frequency_hz
        self._zmatch = ZMatch(film.density_g_per_cm3, film.z_factor)
        self._tooling = film.tooling_percent[number] / 100.0
        self._alpha = film.control.filter_alpha
        self._period_s = monitor.period_s
        self._noise_hz = monitor.noise_hz
        self._max_jump_hz = monitor.max_jump_hz
        self.new = False
        self.film_nm = 0.0
        self.rate_nm_per_s = 0.0
        self.raw_rate_nm_per_s = 0.0
        self.measured_s = 0.0
        self.start_hz = 0.0
        self.frequency_hz = 0.0
        self.outliers = 0
        self.quality = 0
        self.failure = ""
        self.lost = ""
        self._depth_nm = 0.0
        self._good_s = 0.0
        self._arrived_s = self._seen_s = 0.0
        self._running: list[float] = []
        self._sigma_nm = 0.0

    def start(self, now_s: float) -> None:
        """Begin a layer at the present frequency. Needs a good reading (see `lost`)."""
        frequency_hz = self._tag.value
        if self._tag.quality != GOOD or not isinstance(frequency_hz, float):
            self.lost = self._tag.why
            return
        self.start_hz = self.frequency_hz = frequency_hz
        self._depth_nm = self._zmatch.depth_nm(frequency_hz)
        self._sigma_nm = self._noise_hz * sqrt(2.0) * self._zmatch.nm_per_hz(frequency_hz) * self._tooling
        self.film_nm = self.rate_nm_per_s = self.raw_rate_nm_per_s = 0.0
        self._good_s = now_s
        self.measured_s = self._arrived_s = self._seen_s = self._tag.at_s
        self.outliers = self.quality = 0
        self.failure = self.lost = ""
        self._running.clear()

    def resettle(self, now_s: float) -> None:
        """Forget the filtered rate (the shutter over the source has just opened or closed); thickness goes on."""
        self.rate_nm_per_s = 0.0
        self.quality = 0
        self._running.clear()
        self._good_s = now_s

    def total_nm(self) -> float:
        """Thickness since `start` straight from the two frequencies, outliers and all: what a monitor displays."""
        if self.start_hz == 0.0:
            return 0.0
        return self._zmatch.thickness_nm(self.start_hz, self.frequency_hz) * self._tooling

    def film_at(self, when_s: float) -> float:
        """`film_nm` extrapolated with the filtered rate to a moment near now."""
        return self.film_nm + self.rate_nm_per_s * (when_s - self.measured_s)

    def update(self, now_s: float) -> None:
        """Take the newest reading; once per scan."""
        self.new = False
        tag = self._tag
        if tag.quality != GOOD:
            self._without_reading(now_s, tag.source is not None and tag.source.stale, tag.why)
            return
        frequency_hz = tag.value
        assert isinstance(frequency_hz, float)
        self.lost = ""
        at_s = tag.at_s
        if frequency_hz == self.frequency_hz:
            if now_s - self.measured_s > FROZEN_PERIODS * self._period_s and not self.failure:
                self.failure = f"crystal {self.number}: frequency has not changed for {now_s - self.measured_s:.1f} s"
            self._good_s = now_s
            self._seen_s = at_s
            return
        self._good_s = now_s
        self._measure(frequency_hz, at_s, missed=at_s - self._seen_s > self._period_s)
        self._seen_s = at_s

    def _without_reading(self, now_s: float, stale: bool, why: str) -> None:
        if stale:
            self.lost = why
        elif now_s - self._good_s > DEAD_S and not self.failure:
            self.failure = f"crystal {self.number}: {why}"

    def _place(self, arrived_s: float) -> float:
        """Find when this measurement was made, on the monitor's own beat; returns the time since the one before.

        What arrives is up to one poll late, so the time between arrivals says little. The beat is held by the
        arrivals that were soonest: a measurement is never younger than its arrival, and `measured_s` moves on by whole
        periods; a little drift keeps it from falling behind a monitor whose period is longer than it is said to be.
        """
        period_s = self._period_s
        periods = int((arrived_s - self.measured_s) / period_s + 1e-6)
        elapsed_s = period_s * periods if periods > 1 else period_s
        on_beat_s = self.measured_s + elapsed_s
        late_s = arrived_s - on_beat_s
        self.measured_s = on_beat_s + BEAT_DRIFT * late_s if late_s > 0.0 else arrived_s
        return elapsed_s

    def _measure(self, frequency_hz: float, arrived_s: float, missed: bool) -> None:
        """Bring one new frequency into thickness and rate.

        missed: so long after the last look that a measurement may have come and gone. Which period this one belongs to
        is then not known; the time between arrivals is right on the whole, and a step may be one period's film off.
        """
        jump_hz = frequency_hz - self.frequency_hz
        depth_nm = self._zmatch.depth_nm(frequency_hz)
        step_nm = (self._depth_nm - depth_nm) * self._tooling
        elapsed_s = self._place(arrived_s)
        loose_nm = 0.0
        if missed:
            elapsed_s = arrived_s - self._arrived_s
            self.measured_s = arrived_s - 0.5 * self._period_s
            loose_nm = abs(self.rate_nm_per_s) * self._period_s
        self._arrived_s = arrived_s
        self.frequency_hz = frequency_hz
        self._depth_nm = depth_nm
        self.new = True
        if (jump_hz > self._max_jump_hz or jump_hz < -self._max_jump_hz) and not self.failure:
            self.failure = f"crystal {self.number}: frequency jumped by {jump_hz:+.0f} Hz within one reading"
            return
        raw = step_nm / elapsed_s
        self.raw_rate_nm_per_s = raw
        rate = self.rate_nm_per_s
        expected_nm = rate * elapsed_s
        off_nm = step_nm - expected_nm
        noise_nm = self._sigma_nm
        off_abs = off_nm if off_nm > 0.0 else -off_nm
        if off_abs > max(4.0 * noise_nm, QUALITY_PERCENT / 100.0 * abs(expected_nm)) + loose_nm:
            self.quality += 1
            if self.quality > QUALITY_FAIL and not self.failure:
                self.failure = (
                    f"crystal {self.number}: readings scatter by more than {QUALITY_PERCENT:.0f} % of the rate"
                )
        elif self.quality:
            self.quality -= 1
        noise_limit_nm = OUTLIER_SIGMAS * noise_nm + loose_nm
        if rate > 0.0 and (
            off_nm > noise_limit_nm + OUTLIER_SHARE * expected_nm or off_nm < -noise_limit_nm - LOSS_SHARE * expected_nm
        ):
            self._outlier(off_nm, expected_nm, raw)
            return
        if self._running:
            self._running.clear()
        self.film_nm += step_nm
        self.rate_nm_per_s = rate + self._alpha * (raw - rate) if rate != 0.0 else raw

    def _outlier(self, off_nm: float, expected_nm: float, raw: float) -> None:
        """Leave a jump out; when jumps go on, they were a real change: take them back in."""
        running = self._running
        running.append(off_nm)
        self.film_nm += expected_nm
        if len(running) < OUTLIERS_MEAN_CHANGE:
            self.outliers += 1
            return
        self.film_nm += sum(running)
        self.outliers -= len(running) - 1
        self.rate_nm_per_s = raw
        running.clear()
