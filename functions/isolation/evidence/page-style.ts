/**
 * For a laptop, a phone and A4. On paper no row is cut, each page repeats the table's head, and
 * each page names the report. Results differ by sign and word as well as by colour.
 */
export const pageStyle = (digest: string) => `
:root { color-scheme: light; --ink: #17202b; --soft: #52606d; --line: #d5dbe1; --wash: #f5f7f9; --good: #0b6b3a;
  --good-wash: #e8f5ee; --bad: #a61b1b; --bad-wash: #fdecec; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", Arial, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 2.5rem 2rem 3rem; }
h1, h2, p, dl, dd, ul { margin: 0; }
h1 { font-size: clamp(1.4rem, 5vw, 2.1rem); line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .75rem; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
.kicker { color: var(--soft); font-size: .85rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; }
.head { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-end; justify-content: space-between;
  border-bottom: 3px solid var(--ink); padding-bottom: 1.25rem; }
.verdict { display: inline-flex; gap: .6rem; align-items: center; padding: .55rem 1.1rem; border: 2px solid; border-radius: .4rem;
  font-size: 1.15rem; font-weight: 700; }
.lead { margin-top: 1.25rem; max-width: 46rem; font-size: 1.05rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
.verdict.good { background: var(--good-wash); } .verdict.bad { background: var(--bad-wash); }
.facts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .9rem 2rem; margin-top: 1.75rem;
  padding: 1.25rem 1.5rem; background: var(--wash); border: 1px solid var(--line); border-radius: .4rem; }
.facts dt { color: var(--soft); font-size: .82rem; font-weight: 600; }
.facts dd, .seen, .id { overflow-wrap: anywhere; }
.facts .wide { grid-column: 1 / -1; }
.failures { padding: 0; list-style: none; border: 2px solid var(--bad); border-radius: .4rem; }
.failures li { padding: .85rem 1.25rem; border-top: 1px solid #efc3c3; }
.failures li:first-child { border-top: 0; }
.failures a { color: inherit; font-weight: 600; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: .94rem; }
caption { text-align: left; font-size: 1.2rem; font-weight: 700; padding: 2.25rem 0 .6rem; }
caption span { color: var(--soft); font-size: .94rem; font-weight: 400; }
th, td { padding: .65rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .82rem; font-weight: 600; border-bottom: 2px solid var(--ink); }
tbody th { font-weight: 400; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.checks .result { width: 7.2rem; } .checks .asked { width: 50%; }
.summary { max-width: 46rem; } .summary .number { width: 6rem; text-align: right; } .verdict-cell { width: 8rem; }
.summary tfoot th, .summary tfoot td { font-weight: 700; border-bottom: 0; }
.mark { font-weight: 700; white-space: nowrap; }
.failed > * { background: var(--bad-wash); }
.failed > :first-child { box-shadow: inset 4px 0 0 var(--bad); padding-left: .75rem; }
.values { max-width: 60rem; } .values th { width: 16rem; overflow-wrap: anywhere; } .values td { overflow-wrap: anywhere; }
.plain { padding: 0; list-style: none; } .plain li { padding: .4rem 0; border-bottom: 1px solid var(--line); }
.controls { max-width: 60rem; } .controls .control { width: 9rem; } .controls th { overflow-wrap: anywhere; }
.links { display: flex; flex-wrap: wrap; gap: .1rem 1rem; padding: 0; list-style: none; }
.links a { color: inherit; }
.to-do { display: block; margin-top: .35rem; }
.title { display: block; font-weight: 600; }
.minor { display: block; color: var(--soft); font-size: .82rem; }
.notes { margin-top: 1.5rem; max-width: 60rem; color: var(--soft); font-size: .86rem; }
.notes p + p { margin-top: .5rem; }
@media screen and (max-width: 46rem) {
  main { padding: 1.5rem 1rem 2rem; }
  .facts { grid-template-columns: 1fr; }
  .controls .control { width: 6rem; } .controls .verdict-cell { width: 5.5rem; }
  .checks, .checks tbody, .checks tr, .checks th, .checks td, .checks caption { display: block; width: 100% !important; }
  .checks thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .checks tr { padding: .75rem 0; border-bottom: 1px solid var(--line); }
  .checks tr > * { padding: .15rem .75rem; border: 0; }
}
@page { size: A4; margin: 16mm 15mm 18mm;
  @bottom-left { content: "Isolation report, SHA-256 ${digest.slice(0, 16)}…"; font: 8pt sans-serif; color: #52606d; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt sans-serif; color: #52606d; } }
@media print {
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  html { font-size: 9.5pt; }
  body { font-size: 1rem; line-height: 1.4; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 20pt; }
  h2, caption { font-size: 12pt; break-after: avoid; }
  h2 { margin-top: 14pt; } caption { padding: 16pt 0 4pt; }
  table, caption span { font-size: .9rem; }
  th, td { padding: 4pt 6pt; }
  .facts { gap: 6pt 14pt; padding: 9pt 12pt; margin-top: 12pt; }
  .checks .result { width: 21mm; } .controls .control { width: 34mm; }
  thead { display: table-header-group; break-after: avoid; } tfoot { display: table-row-group; }
  tr, li, .facts > div, .head { break-inside: avoid; }
  .facts, .failures, .summary, .notes { break-inside: avoid; }
  a { text-decoration: none; }
}
`;
