"""What ships with pvdctl, found without importing it: the simulated chamber's file, and which drivers there are."""

import os
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from pvdctl.errors import Bug


def chamber_file() -> Path:
    """The chamber file of the simulated chamber, also when pvdctl is installed; relative where that is shorter.

    Raises Bug if it was not installed.
    """
    found = find_spec("simulators")
    if found is None or not found.submodule_search_locations:
        raise Bug("the simulated chamber is not installed with pvdctl; name a chamber file with --chamber")
    path = Path(found.submodule_search_locations[0]) / "provap.yaml"
    near = os.path.relpath(path)
    return path if near.startswith("..") else Path(near)


def driver_names() -> list[str]:
    """Names that a chamber file can use as `driver`."""
    import pvdctl.drivers

    return sorted(module.name for module in iter_modules(pvdctl.drivers.__path__) if not module.name.startswith("_"))
