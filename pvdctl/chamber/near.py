"""Near misses: what somebody probably meant."""

from collections.abc import Iterable


def near_miss(found: object, known: Iterable[str]) -> str:
    """`did you mean 'rate'?`, or what there is if that is little, or nothing."""
    import difflib  # a few ms, needed only for a complaint

    names = list(known)
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(str(found).casefold(), folded, n=2, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(repr(folded[n]) for n in near)}?"
    return f"there are: {', '.join(names)}" if 0 < len(names) <= 20 else ""
