"""Draws docs/lzln.svg, the picture in the README: the last screen of a real `pvdctl simulate recipes/lzln.yaml`.

Run from the clone: `.venv/bin/python docs/make_picture.py`.
"""

import io
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.live import LivePicture
from pvdctl.cli.outcome import print_outcome
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.recipe.load import load_recipe
from pvdctl.recipe.plan import plan

HERE = Path(__file__).parent
COLUMNS = 92
SEED = 1
THEME = TerminalTheme(
    (24, 26, 31),
    (214, 217, 224),
    [
        (24, 26, 31),
        (213, 94, 0),
        (0, 158, 115),
        (240, 200, 60),
        (86, 156, 230),
        (220, 130, 190),
        (110, 190, 210),
        (214, 217, 224),
    ],
)
"""Dark, with colours near the palette of Okabe and Ito (2008), which stay apart for all kinds of colour vision."""
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich's own, without the fonts that it fetches from the network."""


def main() -> None:
    """Run, draw, write."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    recipe, chamber = load_recipe("recipes/lzln.yaml"), load_chamber(chamber_file())
    live = LivePicture(plan(recipe, chamber), SEED, console)
    with tempfile.TemporaryDirectory() as directory:
        simulation = Simulation(recipe, chamber, seed=SEED, directory=Path(directory), on_scan=live.scan)
        result = simulation.run()
    result["record"] = "records"
    console.export_text(clear=True)  # the pictures on the way
    console.print(live.last_picture(simulation))
    print_outcome(result, console)
    svg = console.export_svg(
        title="pvdctl simulate recipes/lzln.yaml", theme=THEME, code_format=SVG, unique_id="pvdctl"
    )
    (HERE / "lzln.svg").write_text(svg)


if __name__ == "__main__":
    main()
