"""The short cut for plain YAML against ruamel.yaml: where it reads at all, the same values at the same places."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.chamber import whole_yaml
from pvdctl.chamber.document import Document
from pvdctl.chamber.plain_yaml import DEEPEST, NotPlain, Places, PlainReader
from pvdctl.chamber.problems import BadFile
from tests.recipe.files import CHAMBER, RECIPE, RECIPES

CHAMBER_TEXT = CHAMBER.read_text()
PIECE = "\n".join(CHAMBER_TEXT.split("interlocks:\n")[1].splitlines()[:30])
SMALL = (
    "links:\n  a: {kind: tcp, host: x}  # c\n  b:\n    - 1\n    - [2, 'x', \"y\"]\nc: text over\n  two lines\nd:\n- 5\n"
)


def tree(places: Places, node: Any) -> Any:
    """The places of a document as nested plain values, comparable."""
    if isinstance(node, dict):
        return {key: (places[id(node)][key], tree(places, value)) for key, value in node.items()}
    if isinstance(node, list):
        return [(places[id(node)][index], tree(places, value)) for index, value in enumerate(node)]
    return None


def plainly(text: str) -> Any:
    """Value, places, start; or None where the short cut leaves the text alone."""
    try:
        reader = PlainReader(text)
        data, start = reader.read()
    except NotPlain:
        return None
    return repr(data), tree(reader.places, data), start


def wholly(text: str) -> Any:
    """The same by ruamel.yaml; None where anything is wrong."""
    made = Document("x", text, "")
    try:
        whole_yaml.build(text, made)
    except BadFile:
        return None
    if made.problems:
        return None
    return repr(made.data), tree(made.places, made.data), made.start


@pytest.mark.parametrize("path", [CHAMBER, *RECIPES], ids=lambda path: path.name)
def test_shipped_files_are_plain_and_mean_the_same(path: Any) -> None:
    text = path.read_text()
    assert plainly(text) is not None
    assert plainly(text) == wholly(text)


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        "a: 1\n\n\nb: -2\nc: 1e-6\nd: .5\ne: 017\nf: 0x1f\nh: null\ni: true\nj: no\n",
        "a: 'x # y' # z\nb: \"x: y\"\nc: x#y\nd: N2's thing # and 'more'\n",
        "a:\n  - b: 1\n    c: 2\n  -   b: 3\n      c: 4\n  - x y\n",
        "a: [1,\n  2, # c\n\n  3]\nb: {x: 1,\n  y: [], z: {}}\n",
        "a: one\n  two\n  three # end\nb: 1\n",
        "  # comment first\na: x  \nb: 3 %\nc: 5 A/s\nd: 20 °C\ne: /dev/ttyUSB0\nf: -3 V\n",
        "0: a\n1: b\n{1: 2}: c\n".replace("{1: 2}: c\n", ""),
        "a: http://x.y/z\nb: a:b\n",
    ],
)
def test_plain_texts_are_read_and_mean_the_same(text: str) -> None:
    assert plainly(text) is not None
    assert plainly(text) == wholly(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "# nothing\n", "a", "- a\n", "a:\n", "a: |\n  x\n", "a: >\n  x\n", "a: &x 1\n", "a: *x\n", "a: !t 1\n",
        "a: 1\na: 2\n", "a: 1\n---\nb: 2\n", "---\na: 1\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n",
        "a:\t1\n", "a: 1\r\n", "a: ~\n",
        "a: 'it''s'\n", 'a: "x\\n"\n', "a: 'x\n  y'\n", "a: x: y\n", "a: x:\n", "a: 1\n b: 2\n", "a:\n  b: 1\n c: 2\n",
        " a: 1\n", "? a\n: 1\n", "a b: 1\n", "'a': 1\n", "-1: 2\n", "true: 1\n", "null: 1\n", "a: [1\n", "a: [1,]\n",
        "a: [1]]\n", "a: [b: c]\n", "a: {b}\n", "a: {b: }\n", "a: {b: 1, b: 2}\n", "a: [x\n  y]\n", "a: [1]\n  b\n",
        "a: 'x'\n  y\n", "a: 'x'#y\n", "a: @x\n", "a: `x`\n", "a: x # c\n  y\n", "a: x\n\n  y\n", "a: [1] x\n",
        "a:\n  - - 1\n", "a:\n  -\n    b: 1\n", "a: [1,\n2]\n", "<<: {a: 1}\n", "a:b\n", "a: {b:1}\n",
        "a: " + "[" * DEEPEST + "]" * DEEPEST + "\n",
    ],
)  # fmt: skip
def test_everything_else_is_left_to_the_whole_parser(text: str) -> None:
    assert plainly(text) is None


def agree(text: str) -> bool:
    """Whether the short cut read it; fails where it read something else than ruamel.yaml."""
    quick = plainly(text)
    if quick is not None:
        assert quick == wholly(text), text
    return quick is not None


EDIT = st.text("ab1:-[]{}&*!'\"#|>%@ \n,.?~\\", max_size=6)


@settings(max_examples=400)
@given(st.sampled_from([RECIPE, PIECE, SMALL]), st.data())
def test_any_edit_means_the_same_or_is_left_alone(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 8))
    agree(text[:at] + data.draw(EDIT) + text[at + length :])


@settings(max_examples=400)
@given(st.lists(st.text("ab: -#'[]{},\"1", max_size=12), max_size=6))
def test_any_lines_mean_the_same_or_are_left_alone(lines: list[str]) -> None:
    agree("\n".join(lines))


VALUE = st.recursive(
    st.sampled_from(["x", "1", "-2.5", "3 nm", "'q #'", '"w: v"', "true", "null", "a/b", "it's"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)


def flow(value: Any) -> str:
    """As flow YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    return "[" + ",  ".join(map(flow, value)) + "]" if isinstance(value, list) else value


def block(value: Any, indent: int) -> str:
    """As block YAML, flow at the ends."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        return "".join(
            f"{pad}{k}:\n{block(v, indent + 2)}" if isinstance(v, dict) and v else f"{pad}{k}: {flow(v)}  # c\n"
            for k, v in value.items()
        )
    return f"{pad}{flow(value)}\n"


@given(st.dictionaries(st.sampled_from("abcdefgh"), VALUE, min_size=1, max_size=4))
def test_made_texts_mean_the_same(value: dict[str, Any]) -> None:
    text = block(value, 0)
    if "it's" not in text:
        assert plainly(text) is not None, text
    agree(text)


@pytest.mark.soak
@settings(max_examples=20000, deadline=None)
@given(st.sampled_from([RECIPE, PIECE, SMALL]), st.data())
def test_many_edits_mean_the_same_or_are_left_alone(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 8))
        text = text[:at] + data.draw(EDIT) + text[at + length :]
    agree(text)
