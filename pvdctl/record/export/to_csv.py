"""CSV that any program reads: names, units, then one row per scan; a JSON file beside it with everything else.

RFC 4180 with a comma and a point, CR LF, UTF-8. Numbers are written so that reading them back gives the very same
ones. What was not measured is an empty field.
"""

import json
from pathlib import Path

from pvdctl.record.dossier import Dossier
from pvdctl.record.export.metadata import metadata

SUFFIX = ".csv"
METADATA_SUFFIX = ".json"


def write(dossier: Dossier, target: Path, exported_utc: str) -> list[Path]:
    """Write `target` and its metadata beside it; returns both. Raises OSError."""
    beside = target.with_suffix(METADATA_SUFFIX)
    beside.write_text(
        json.dumps(metadata(dossier, exported_utc), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(dossier.samples) + "\r\n")
        file.write(",".join(dossier.units[name] for name in dossier.samples) + "\r\n")
        written = [_texts(column.tolist()) for column in dossier.samples.values()]
        file.writelines(",".join(row) + "\r\n" for row in zip(*written, strict=True))
    return [target, beside]


def _texts(values: list[float]) -> list[str]:
    """Shortest texts that read back as the same numbers. Most columns repeat values, and few differ."""
    known: dict[float, str] = {}
    texts = []
    for value in values:
        text = known.get(value)
        if text is None:
            text = "" if value != value else repr(value).removesuffix(".0")
            known[value] = text
        texts.append(text)
    return texts
