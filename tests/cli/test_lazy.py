"""What a command does not need it does not load: help and the static check are there at once."""

import subprocess
import sys

import pytest

from tests.cli.command import LZLN, ROOT

HEAVY = ("serial", "pyvisa", "pymodbus", "textual", "rich", "transitions", "simulators", "pvdctl.process", "sqlite3")


def loaded(statement: str) -> set[str]:
    """The modules there are after `statement` in a new interpreter."""
    code = f"import sys\ntry:\n    {statement}\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    code += "print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("command", [["--help"], ["simulate", "--help"], ["check", str(LZLN)]])
def test_help_and_check_load_nothing_heavy(command: list[str]) -> None:
    found = loaded(f"sys.argv = {['pvdctl', *command]!r}; from pvdctl.cli.main import main; main()")
    assert "pvdctl.cli.main" in found
    assert found.isdisjoint(HEAVY)
    if command == ["--help"]:
        assert "pydantic" not in found
        assert "ruamel.yaml" not in found


def test_a_recipe_needs_no_instrument() -> None:
    found = loaded("import pvdctl.recipe.load, pvdctl.recipe.check")
    assert "pvdctl.recipe.load" in found
    assert found.isdisjoint((*HEAVY, "typer", "pvdctl.drivers", "pvdctl.links"))


def test_a_whole_simulation_needs_no_port() -> None:
    found = loaded("import pvdctl.cli.simulate, pvdctl.cli.simulation, pvdctl.drivers.inficon_sqc310")
    assert "pvdctl.process.controller" in found
    assert found.isdisjoint(("serial", "pyvisa", "pymodbus", "textual"))
