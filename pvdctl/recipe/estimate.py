"""How long a recipe will take and what it will use: estimates from the chamber file's own figures.

Rough on purpose, and only ever shown as "about": pumping as V/S ln(p0/p), outgassing as 1/t (both Pfeiffer Vacuum
know-how book, 1.3), filling at a constant rate.
"""

import math

from pvdctl.chamber.gas_flow import fill_rate_mbar_per_s
from pvdctl.chamber.model import Chamber, Film, Source
from pvdctl.recipe.model import Backfill, CoolDown, Deposit, Evacuate, PumpDown, Step, Vent, Wait

HOUR_S = 3600.0
START_MBAR = 1000.0
"""A recipe that begins by pumping is taken to begin at atmosphere, with the turbo at rest; one that begins with gas, in
vacuum. The longest case each time."""
NANOGRAM_PER_CM2_HZ = 12.27
"""Areal mass per hertz of a 6 MHz crystal: N_q rho_q / F_q^2 with 1668 Hz m and 2649 kg/m3 (Sauerbrey)."""


class Clock:
    """Walks through the steps and adds up: time, pressure, which sources are still hot.

    now_s: since the start of the run. pressure_mbar: in the chamber; None until a step says.
    """

    def __init__(self, chamber: Chamber) -> None:
        self.chamber = chamber
        self.now_s = 0.0
        self.pressure_mbar: float | None = None
        self.turbo_running = False
        cold = max((source.cold_after_s for source in chamber.sources.values()), default=0.0)
        self.cold_at_s = cold
        """When the last source counts as cold; at the start all count as hot, because nobody knows."""

    def step(self, step: Step) -> float:
        """Seconds that `step` will take; the clock moves on by them."""
        took_s = self._duration(step)
        self.now_s += took_s
        if isinstance(step, Deposit) and step.film in self.chamber.films:
            source = self.chamber.sources[self.chamber.films[step.film].source]
            self.cold_at_s = max(self.cold_at_s, self.now_s + source.cold_after_s)
        return took_s

    def _duration(self, step: Step) -> float:
        match step:
            case PumpDown():
                return self._pump_down(step.below_mbar)
            case Deposit():
                film = self.chamber.films.get(step.film)
                return deposit_s(step, self.chamber, film) if film is not None else 0.0
            case CoolDown():
                return max(step.at_least_s, self.cold_at_s - self.now_s, 0.0)
            case Backfill():
                fill_s = self._fill(step.gas, step.pressure_mbar, step.flow_sccm)
                at_pressure = step.duration_starts == "at_pressure"
                return fill_s + step.duration_s if at_pressure else max(fill_s, step.duration_s)
            case Evacuate():
                return self._rough(step.below_mbar)
            case Vent():
                self.turbo_running = False
                return self._fill(step.gas, step.to_mbar)
            case Wait():
                return step.duration_s
            case _:
                return 0.0

    def _rough(self, to_mbar: float) -> float:
        vacuum = self.chamber.vacuum
        from_mbar = START_MBAR if self.pressure_mbar is None else self.pressure_mbar
        self.pressure_mbar = min(from_mbar, to_mbar)
        if from_mbar <= to_mbar:
            return 0.0
        return vacuum.volume_l / vacuum.roughing_speed_l_per_s * math.log(from_mbar / to_mbar)

    def _pump_down(self, below_mbar: float) -> float:
        vacuum = self.chamber.vacuum
        took_s = self._rough(vacuum.crossover_mbar)
        if not self.turbo_running:
            took_s += vacuum.turbo_run_up_typical_s
            self.turbo_running = True
        self.pressure_mbar = below_mbar
        since_open_s = self.now_s + took_s
        needed_s = outgassing_s(self.chamber, below_mbar)
        return took_s + max(0.0, needed_s - since_open_s)

    def _fill(self, gas: str, to_mbar: float, flow_sccm: float | None = None) -> float:
        from_mbar = self.pressure_mbar or 0.0
        self.pressure_mbar = max(from_mbar, to_mbar)
        if gas not in self.chamber.gases:
            return 0.0
        return max(0.0, to_mbar - from_mbar) / fill_rate_mbar_per_s(self.chamber, gas, flow_sccm)


def outgassing_s(chamber: Chamber, pressure_mbar: float) -> float:
    """Seconds after opening until the walls give off so little that the turbo holds `pressure_mbar`."""
    vacuum = chamber.vacuum
    return HOUR_S * vacuum.gas_load_1h_mbar_l_per_s / (vacuum.turbo_speed_l_per_s * pressure_mbar)


def deposit_s(step: Deposit, chamber: Chamber, film: Film) -> float:
    """Conditioning, qualifying, the film itself, and the current's way back to zero."""
    source = chamber.sources[film.source]
    steps = source.conditioning
    conditioning_s = steps.ramp_1_s + steps.soak_1_s + steps.ramp_2_s + steps.soak_2_s
    qualify_s = max(chamber.limits.shutter_settle_s, step.in_band_for_s)
    back_s = current_for(film, step.rate_nm_per_s) / source.max_slew_a_per_s
    return conditioning_s + qualify_s + step.thickness_nm / step.rate_nm_per_s + back_s


def consumption_mg(step: Deposit, chamber: Chamber, source: Source) -> float:
    """Charge used from the opening of the source shutter to its closing; what soaks use is not known and little."""
    open_nm = step.rate_nm_per_s * max(chamber.limits.shutter_settle_s, step.in_band_for_s)
    return (step.thickness_nm + open_nm) * source.consumption_mg_per_nm


def _exponent(film: Film) -> float:
    """d(ln rate)/d(ln current) at the film's operating point; taken as constant around it."""
    return film.control.gain_per_a * film.control.at_current_a


def current_for(film: Film, rate_nm_per_s: float) -> float:
    """Current, A, that the film's operating point and gain predict for a rate."""
    control = film.control
    return float(control.at_current_a * (rate_nm_per_s / control.at_rate_nm_per_s) ** (1.0 / _exponent(film)))


def rate_at(film: Film, current_a: float) -> float:
    """Rate, nm/s, that the film's operating point and gain predict for a current."""
    control = film.control
    return float(control.at_rate_nm_per_s * (current_a / control.at_current_a) ** _exponent(film))


def crystal_hz(film: Film, thickness_nm: float, sensor: int) -> float:
    """Frequency, Hz, that a film costs the crystal of `sensor` (Sauerbrey; within 5 % for a young 6 MHz crystal)."""
    on_crystal_nm = thickness_nm * 100.0 / film.tooling_percent[sensor]
    nanogram_per_cm2 = on_crystal_nm * 1e-7 * film.density_g_per_cm3 * 1e9
    return nanogram_per_cm2 / NANOGRAM_PER_CM2_HZ


def rate_noise_percent(film: Film, rate_nm_per_s: float, chamber: Chamber) -> float:
    """Rms noise of the filtered rate, % of the rate, that the crystal alone makes.

    Two frequencies a period apart give a raw rate with sqrt(2) of their noise; a first-order filter of weight a
    leaves sqrt(a / (2 - a)) of it (white noise; differences are less than white, so this is an upper estimate).
    """
    monitor = chamber.monitor
    hz_per_s = crystal_hz(film, rate_nm_per_s, monitor.sensors[0])
    raw = math.sqrt(2.0) * monitor.noise_hz / monitor.period_s / hz_per_s
    weight = film.control.filter_alpha
    return 100.0 * raw * math.sqrt(weight / (2.0 - weight))
