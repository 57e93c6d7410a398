"""The turbo pump's rotor and drive: run-up, coasting down, gas load, errors.

Error numbers are Pfeiffer's as drives of the class report them (unchecked): `Err006` run-up time or gas load, `Err001`
for an outright trip of the drive. The drive stays commanded while an error is latched; when the error has been
acknowledged and the command still stands, it runs up again.
"""

from simulators.plant.params import VacuumParameters

NOMINAL_HZ = 1000.0
"""Speed at 100 % (HiPace 300 class)."""
NO_ERROR = "000000"
GAS_LOAD = "Err006"
DRIVE_TRIP = "Err001"
AT_SPEED = 0.8
"""Switch point, share of the nominal speed."""
LOADED_FROM = 0.3
"""Above this share of the speed too much gas is an overload; below, the drive runs through it. Guess."""


class Turbo:
    """Rotor speed as a share of the nominal one, 0..1."""

    __slots__ = ("_overload_s", "_parameters", "_run_up_s", "driven", "error", "faulty", "speed")

    def __init__(self, parameters: VacuumParameters) -> None:
        self._parameters = parameters
        self._overload_s = 0.0
        self._run_up_s = 0.0
        self.speed = 0.0
        self.driven = False
        """The controller's motor switch."""
        self.error = NO_ERROR
        """Latched."""
        self.faulty = False
        """The cause of a trip persists."""

    def step(self, dt: float, inlet_mbar: float, foreline_mbar: float) -> None:
        """Integrate over `dt` seconds with the pressures at both ends."""
        p = self._parameters
        overloaded = inlet_mbar > p.turbo_inlet_trip_mbar or foreline_mbar > p.turbo_foreline_trip_mbar
        if not self.driven or self.error != NO_ERROR:
            self._run_up_s = self._overload_s = 0.0
            if self.speed > 0.0:
                gas = inlet_mbar / (inlet_mbar + 0.1)  # half-way to the faster coast at 0.1 mbar; guess
                tau_s = p.turbo_coast_s + gas * (p.turbo_coast_gas_s - p.turbo_coast_s)
                self.speed *= 1.0 - dt / (tau_s + 0.5 * dt)
                if self.speed < 1e-3:
                    self.speed = 0.0
            return
        if overloaded and self.speed > LOADED_FROM:
            self.speed -= dt / p.turbo_run_up_s  # the drive loses as fast as it would gain; guess
            self._overload_s += dt
            if self._overload_s > p.turbo_trip_after_s:
                self.error = GAS_LOAD
            return
        self._overload_s = 0.0
        if self.speed < 1.0:
            if not overloaded:
                self.speed = min(self.speed + dt / p.turbo_run_up_s, 1.0)
            if self.speed < AT_SPEED:
                self._run_up_s += dt
                if self._run_up_s > p.turbo_run_up_limit_s:
                    self.error = GAS_LOAD
            else:
                self._run_up_s = 0.0

    def trip(self) -> None:
        """The drive gives up, and will again until `faulty` is taken back."""
        self.faulty = True
        self.error = DRIVE_TRIP

    def acknowledge(self, inlet_mbar: float, foreline_mbar: float) -> None:
        """Unlatch the error if its cause has gone."""
        p = self._parameters
        loaded = inlet_mbar > p.turbo_inlet_trip_mbar or foreline_mbar > p.turbo_foreline_trip_mbar
        if not self.faulty and not loaded:
            self.error = NO_ERROR
