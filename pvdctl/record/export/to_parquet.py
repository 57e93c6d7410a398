"""Parquet: the samples as columns with their units, everything else as JSON in the file's metadata."""

import json
from pathlib import Path

from pvdctl.record.dossier import Dossier
from pvdctl.record.export.metadata import columns, metadata

SUFFIX = ".parquet"
KEY = b"pvdctl"
"""Of the file's metadata: the JSON text that goes beside a CSV file."""


def write(dossier: Dossier, target: Path, exported_utc: str) -> list[Path]:
    """Write `target`; returns it. What was not measured is null. Raises ImportError, OSError."""
    import pyarrow
    from pyarrow import parquet

    fields = []
    for column in columns(dossier):
        facts = {b"unit": column["unit"].encode()}
        if "meaning" in column:
            facts[b"meaning"] = column["meaning"].encode()
        if "codes" in column:
            facts[b"codes"] = json.dumps(column["codes"]).encode()
        fields.append(pyarrow.field(column["name"], pyarrow.float64(), metadata=facts))
    whole = json.dumps(metadata(dossier, exported_utc), ensure_ascii=False).encode()
    arrays = [pyarrow.array(dossier.samples[field.name], from_pandas=True) for field in fields]  # nan becomes null
    made = pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields, metadata={KEY: whole}))
    parquet.write_table(made, target, compression="zstd")
    return [target]
