"""The style sheet of a report: a page to read on a screen, and A4 sheets of the same."""

from typing import Final

STYLE_SHEET: Final = """
:root { --ink: #1B1F24; --grey: #5B6470; --rule: #D5D9DF; --shade: #F4F6F8; --good: #00664A; --bad: #A84300;
  --font: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
  --mono: "DejaVu Sans Mono", Menlo, Consolas, monospace; }
* { box-sizing: border-box; }
html { background: #E7EAEE; }
body { font: 14px/1.45 var(--font); color: var(--ink); background: #fff; max-width: 900px; margin: 24px auto;
  padding: 44px 56px; font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }
h1 { font-size: 25px; line-height: 1.2; margin: 0 0 2px; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 16px; margin: 34px 0 8px; padding-top: 10px; border-top: 1.5px solid var(--ink);
  break-after: avoid; }
h3 { font-size: 13.5px; margin: 18px 0 4px; break-after: avoid; }
p { margin: 4px 0 8px; }
small, .note { color: var(--grey); font-size: 12px; }
code, pre { font-family: var(--mono); font-size: 11.5px; }
code { overflow-wrap: anywhere; }
.id { font: 12.5px var(--mono); color: var(--grey); margin: 0 0 14px; }
.end { display: flex; gap: 14px; align-items: baseline; border: 1.5px solid var(--good); border-left-width: 8px;
  padding: 9px 14px; margin: 0 0 16px; }
.end.bad { border-color: var(--bad); }
.end b { font-size: 18px; color: var(--good); white-space: nowrap; }
.end.bad b { color: var(--bad); }
.simulated { background: #FFE08A; font-weight: 600; padding: 6px 14px; margin: 0 0 16px; }
dl { display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: 3px 14px; margin: 0; }
dt { color: var(--grey); }
.proof dl { grid-template-columns: max-content 1fr; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 6px 0 4px; }
th { text-align: left; font-weight: 600; font-size: 12px; color: var(--grey); vertical-align: bottom;
  border-bottom: 1px solid var(--ink); padding: 3px 10px 4px 0; }
td { border-bottom: 1px solid var(--rule); padding: 5px 10px 5px 0; vertical-align: top; font-size: 13px; }
th:last-child, td:last-child { padding-right: 0; }
th.n, td.n { text-align: right; white-space: nowrap; }
th.n + th:not(.n), td.n + td:not(.n) { padding-left: 12px; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
.good { color: var(--good); font-weight: 600; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; white-space: nowrap; }
figure { margin: 8px 0 4px; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { color: var(--grey); font-size: 12px; margin-top: 4px; }
.layers { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 3%; }
.layers h3 { margin-top: 6px; }
.file { background: var(--shade); border: 1px solid var(--rule); padding: 10px 12px; max-height: 26em; overflow: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.35; margin: 4px 0; }
.watermark { position: fixed; inset: 0; display: flex; align-items: center; justify-content: center;
  pointer-events: none; z-index: 9; overflow: hidden; }
.watermark span { font: 800 min(17vw, 150px)/1 var(--font); letter-spacing: .06em; color: #7A5B00; opacity: .085;
  transform: rotate(-52deg); white-space: nowrap; }
@media screen and (max-width: 760px) {
  body { padding: 20px 16px; margin: 0; } dl { grid-template-columns: max-content 1fr; }
  .layers { grid-template-columns: 1fr; } .wide { overflow-x: auto; } }
@media print {
  html { background: none; }
  body { font-size: 9.6pt; max-width: none; margin: 0; padding: 0; }
  h1 { font-size: 17pt; } h2 { font-size: 12pt; margin-top: 16pt; } h3 { font-size: 10pt; }
  td { font-size: 8.8pt; padding-top: 3pt; padding-bottom: 3pt; } th, small, .note, figcaption { font-size: 8pt; }
  .end b { font-size: 13pt; }
  .file { max-height: none; overflow: visible; border: 0; background: none; padding: 0; font-size: 6.2pt;
    line-height: 1.3; columns: 2; column-gap: 7mm; column-rule: .4pt solid var(--rule); }
  .sheet { break-before: page; }
  code { font-size: 8pt; }
  .watermark span { font-size: 118pt; }
  a { color: inherit; text-decoration: none; }
}
"""

PAGE_STYLE: Final = """
@page { size: A4; margin: 15mm 16mm 17mm;
  @bottom-left { content: "%s"; font: 7.5pt Helvetica, Arial, sans-serif; color: #5B6470; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 7.5pt Helvetica, Arial, sans-serif;
    color: #5B6470; } }
"""
"""The foot of every sheet: what it belongs to, and which sheet of how many."""
