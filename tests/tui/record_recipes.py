"""Records tests/tui/recorded/recipes.json, the service's answers about recipes: `python -m tests.tui.record_recipes`.

The checks are the service's own (`service.library`), the simulations those of `pvdctl simulate --json`, which it runs.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import load_chamber
from pvdctl.service.library import Library
from tests.service.inside import CHAMBER, ROOT
from tests.tui.stage import RECORDED

TOO_FAST = ("rate: 0.5 nm/s", "rate: 50 nm/s")
FAULTY = (TOO_FAST, ("film: Li\n", "film: Lithium\n"), ("within: 30 min", "within: 30 s"))
"""What is changed in lzln to have something to find."""
BROKEN = (
    'recipe: broken\nversion: "1"\ntitle: Not a recipe yet\nsteps:\n  - do: deposit\n    name: zinc\n    films: Zn\n'
)


def main() -> None:
    """Library, checks, simulations."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for path in (ROOT / "recipes").glob("*.yaml"):
            (place / path.name).write_text(path.read_text())
        text = (place / "lzln.yaml").read_text().replace("recipe: lzln", "recipe: faulty")
        for old, new in FAULTY:
            assert old in text, old
            text = text.replace(old, new)
        (place / "faulty.yaml").write_text(text)
        (place / "broken.yaml").write_text(BROKEN)
        library = Library(place, load_chamber(CHAMBER))
        checked = {each: asdict(library.checked({"recipe": each})) for each in library.names()}
        for each in checked.values():
            for finding in each["findings"]:
                finding["file"] = Path(finding["file"]).name
                finding["text"] = finding["text"].replace(f"{place}/", "")
        simulated = {
            "lzln": _simulated(place / "lzln.yaml"),
            "li3n": _simulated(place / "li3n.yaml", "--fault", "boat_open@lithium.deposit:source=2"),
            "vent": _simulated(place / "vent.yaml", "--answer=agree=yes"),
        }
        found = {"entries": [asdict(each) for each in library.entries()], "checked": checked, "simulated": simulated}
    kept = json.dumps(found, indent=1, ensure_ascii=False)
    (RECORDED / "recipes.json").write_text(f"{kept}\n", encoding="utf-8")


def _simulated(recipe: Path, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "pvdctl.cli.main", "simulate", str(recipe), "--json", *more]
    done = subprocess.run([*command, "--record", str(recipe.parent / "record")], capture_output=True, cwd=ROOT)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    for key in ("record", "record_sha256", "exchanges", "wall_s", "real_time_factor"):
        found.pop(key)
    return found


if __name__ == "__main__":
    main()
