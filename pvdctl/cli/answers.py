"""Answers to a recipe's prompts, as given on the command line: `--answer PROMPT=ANSWER`."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pvdctl.cli.exits import WrongUsage


def given_answers(texts: Sequence[str], takes: Mapping[str, Sequence[str]], recipe: str) -> dict[str, str]:
    """Answers by prompt. takes: what each prompt of the recipe takes. Raises WrongUsage for one that fits no prompt."""
    answers: dict[str, str] = {}
    for text in texts:
        name, equals, answer = text.partition("=")
        if not equals:
            raise WrongUsage(f"--answer wants PROMPT=ANSWER, found '{text}'")
        if name not in takes:
            near = get_close_matches(name, takes, 1)
            hint = f"did you mean {near[0]}?" if near else f"its prompts are: {', '.join(takes) or 'none'}"
            raise WrongUsage(f"--answer {text}: recipe {recipe} has no prompt '{name}'; {hint}")
        if answer not in takes[name]:
            accepted = " or ".join(f"{name}={word}" for word in takes[name])
            raise WrongUsage(f"--answer {text}: that prompt takes {accepted}")
        if answers.setdefault(name, answer) != answer:
            raise WrongUsage(f"--answer {text}: prompt '{name}' is answered '{answers[name]}' already; give one answer")
    return answers
