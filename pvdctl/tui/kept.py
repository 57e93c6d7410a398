"""What Textual keeps of widgets that are gone, and letting go of it."""

from textual._styles_cache import StylesCache

EVERY_S = 60.0


def let_go() -> None:
    """Forget the closed widgets that Textual 8.2.8 holds on to.

    `StylesCache.get_inner_outer` remembers its last 1,024 calls together with the widget's cache they were made on, and
    with that all lines it has drawn: some 100 kB for each dialog or help that was opened (18 MB after 180
    of them in tests/tui/soak.py). What it remembers is made again in microseconds.
    """
    StylesCache.get_inner_outer.cache_clear()
