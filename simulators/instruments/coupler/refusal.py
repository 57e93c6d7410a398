"""Exception answers of the simulated couplers (Modbus application protocol V1.1b3, section 7)."""

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4


class RefusedError(Exception):
    """Answered with this exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code:02d}")
        self.code = code
