"""The end of a report: what the run was made with, who signed it, and what vouches for it."""

from datetime import UTC, datetime

from pvdctl.record.dossier import Dossier
from pvdctl.record.event import Facts
from pvdctl.record.layer_figures import Verdict
from pvdctl.record.report.words import NOTHING, Heading, Markup, calendar, facts, html, table, verdict


def instruments(dossier: Dossier) -> str:
    """Which instruments there were, and what each says it is."""
    model = dossier.chamber
    rows = [
        (name, model.instruments[name].driver if model is not None and name in model.instruments else NOTHING, who)
        for name, who in dossier.run.start["identities"].items()
    ]
    headings = (Heading("instrument"), Heading("driver"), Heading("what it says it is"))
    return "<h2>Instruments</h2>\n" + table(headings, rows)


def signatures(dossier: Dossier) -> str:
    """Who signed, what it means, when and why (21 CFR 11.50)."""
    headings = (Heading("who"), Heading("meaning"), Heading("when, UTC"), Heading("reason"))
    rows = [
        (one["who"], one["meaning"], calendar(one["utc"]), one.get("reason") or NOTHING) for one in dossier.signatures
    ]
    return "<h2>Signatures</h2>\n" + (table(headings, rows) if rows else "<p>Nobody has signed this run yet.</p>\n")


def proof(dossier: Dossier) -> str:
    """Whether the record is what was written, and by which fingerprint and checkpoint that can be told."""
    found = dossier.proof
    text = "<h2>Proof of integrity</h2>\n"
    if found["verified"]:
        good = Verdict(True, "The record of this run is what was written")
        text += f"<p>{verdict(good)}: checked when this was made.</p>\n"
    elif found["problems"]:
        bad = Verdict(False, "The record of this run does not fit its proof")
        text += f"<p>{verdict(bad)}:</p>\n<ul>"
        text += "".join(f"<li>{html(problem)}</li>" for problem in found["problems"]) + "</ul>\n"
    else:
        text += "<p>The run has no end yet, and so no fingerprint.</p>\n"
    size = found.get("size", 0)
    last_seq = dossier.run.last_seq or 0
    pairs = (
        ("fingerprint", _code(found["record_sha256"])),
        ("events", f"{found['first_seq']} to {last_seq}" if last_seq else f"from {found['first_seq']}"),
        ("checkpoint", f"over {size:,} events" if size else ""),
        ("its root", _code(found.get("root", ""))),
        ("record", _code(found.get("record", ""))),
        ("public key", _code(found.get("key", ""))),
        ("cosigned by", _cosigned(found) if size else ""),
    )
    return (
        f'{text}<div class="proof">{facts(pairs)}</div>\n<p class="note">This page proves nothing by itself. To check '
        f"the run: <code>pvdctl audit bundle {html(dossier.run.run)}</code>, then <code>pvdctl audit verify</code> or "
        "the verifier that comes without pvdctl.</p>\n"
    )


def _cosigned(found: Facts) -> str:
    """Witnesses, one after the other, and whether their keys were at hand."""
    told = [
        f"{one['witness']}, over {one['size']:,} events: its key was not given, so this is not checked"
        if one["unix_s"] is None
        else f"{one['witness']} at {calendar(datetime.fromtimestamp(one['unix_s'], UTC).isoformat())} UTC, over "
        f"{one['size']:,} events, checked with the key given"
        for one in found["cosigned"]
    ]
    told += [f"not by {name}, whose key was given" for name in found["awaited"]]
    return "; ".join(told) or "nobody yet"


def _code(text: str) -> Markup:
    return Markup(f"<code>{html(text)}</code>" if text else "")


def files(dossier: Dossier) -> str:
    """Recipe and chamber, each on sheets of its own."""
    text = ""
    for what in ("recipe", "chamber"):
        file = dossier.run.start[what]
        text += (
            f'<section class="sheet"><h2>The {what} as run</h2>\n'
            f'<p class="note">{html(file["name"])} · SHA-256 <code>{html(file["sha256"])}</code></p>\n'
            f'<pre class="file">{html(file["text"])}</pre></section>\n'
        )
    return text
