/** The style of the page: one column that fits a phone, in the colours that the reader prefers. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #fff;
  --text: #1b1f24;
  --quiet: #59636e;
  --line: #dfe3e8;
  --fill: #f3f5f7;
  --link: #0b57c2;
  --bar: #e6522c;
  --warn: #8a1f0b;
  --warn-back: #fdece7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171b;
    --text: #e7eaee;
    --quiet: #9da7b3;
    --line: #2c323a;
    --fill: #1e2329;
    --link: #82b1ff;
    --bar: #f0764f;
    --warn: #ffb4a0;
    --warn-back: #3a1c15;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  max-width: 68rem;
  margin: 0 auto;
  padding: 2rem 1.25rem;
  background: var(--back);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
code { font: 0.9375em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; unicode-bidi: isolate; }
strong { color: var(--warn); font-weight: 600; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h1 code { font-size: 0.875em; letter-spacing: -0.03em; }
h2 { margin: 2.5rem 0 1rem; font-size: 1.125rem; line-height: 1.3; }
header p { margin: 0.25rem 0 0; color: var(--quiet); overflow-wrap: anywhere; }
header p:first-child { margin: 0 0 0.5rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin-top: 0.5rem; overflow-wrap: anywhere; }
.help { max-width: 44rem; margin: 0.5rem 0 0; overflow-wrap: anywhere; }
.notice { margin: 1.5rem 0 0; padding: 0.75rem 1rem; border-radius: 0.5rem; background: var(--warn-back); color: var(--warn); overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: 0.75rem 2.5rem; margin: 1.5rem 0; }
dt { color: var(--quiet); font-size: 0.875rem; }
dd { margin: 0; font-size: 1.5rem; line-height: 1.25; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: 0.5rem 0; cursor: pointer; overflow-wrap: anywhere; }
summary span { margin-inline-start: 0.375rem; color: var(--quiet); font-size: 0.9375rem; }
details > :last-child { margin-bottom: 1rem; }
details table { font-size: 0.9375rem; }
details th, details td { padding-block: 0.375rem; }
.links { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.25rem 0 0; padding: 0; list-style: none; }
form { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; margin: 1.5rem 0 1rem; }
[role=search] label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.probe { align-items: end; margin: 1rem 0 0; }
.probe label { flex: 1 1 12rem; color: var(--quiet); font-size: 0.875rem; overflow-wrap: anywhere; }
.probe input, .probe select { display: block; width: 100%; color: var(--text); font-size: 1rem; }
input { flex: 1 1 14rem; }
input, select, .probe button {
  min-width: 0;
  padding: 0.5rem 0.75rem;
  border: 1px solid var(--quiet);
  border-radius: 0.5rem;
  background: var(--back);
  color: inherit;
  font: inherit;
}
.probe :is(input, select, button) { min-height: 2.75rem; }
.probe button { max-width: 100%; color: var(--link); }
input::placeholder { color: var(--quiet); opacity: 1; }
button { padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit; cursor: pointer; }
button:hover, tfoot button { text-decoration: underline; text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
button[aria-pressed=true] { color: var(--text); font-weight: 600; }
thead button { padding-block: 0.25rem; }
thead button + button { margin-inline-start: 0.75rem; }
tfoot button { color: var(--link); }
a:focus-visible, input:focus-visible, select:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; border-radius: 0.25rem; }
output { color: var(--quiet); font-variant-numeric: tabular-nums; }
output:empty { display: none; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.625rem 0; border-top: 1px solid var(--line); vertical-align: top; text-align: start; font-weight: 400; }
thead th { padding: 0 0 0.375rem; border: 0; color: var(--quiet); font-size: 0.875rem; vertical-align: bottom; }
th + th, td { width: 8rem; padding-inline-start: 1.5rem; }
thead th + th, td { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }
.type { color: var(--quiet); font-size: 0.875rem; }
th p { margin: 0.125rem 0 0; max-width: 44rem; color: var(--quiet); font-size: 0.9375rem; overflow-wrap: anywhere; }
th ul { display: flex; flex-wrap: wrap; gap: 0.25rem 0.375rem; margin: 0.375rem 0 0; padding: 0; list-style: none; }
th li { padding: 0 0.5rem; border-radius: 0.25rem; background: var(--fill); font-size: 0.875rem; }
th li a { color: inherit; text-decoration-color: var(--quiet); }
td > svg { display: block; width: 100%; height: 4px; margin-top: 0.375rem; border-radius: 2px; background: var(--fill); }
rect { fill: var(--bar); }
.activity th { overflow-wrap: anywhere; }
.activity th span { color: var(--quiet); }
.activity td:first-child, .activity thead th:first-child { padding-inline-start: 0; text-align: start; }
.activity td, .activity thead th + th { width: 1%; }
.activity td + th, .activity thead th:nth-child(2):not(:nth-last-child(2)) { width: auto; padding-inline-start: 1.5rem; text-align: start; }
#series td:last-child { width: 1%; min-width: 6rem; }
#series .plot { width: 1%; padding-block: 0.25rem; padding-inline-start: 1.5rem; }
.plot svg { display: inline-block; width: 10rem; height: 2.25rem; margin: 0; background: none; vertical-align: middle; }
.plot span { display: inline-block; min-width: 8.5rem; margin-inline-start: 0.75rem; color: var(--quiet); text-align: start; }
path { fill: none; stroke: var(--bar); stroke-width: 1.5; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
footer { margin-top: 2rem; color: var(--quiet); font-size: 0.875rem; }
@media (max-width: 40rem) {
  body { padding: 1.25rem 1rem; }
  dl { column-gap: 1.5rem; }
  .sets, .activity td:nth-child(4):not(:last-child), .activity thead th:nth-child(4):not(:last-child) { display: none; }
  thead th + th, td { width: 5.5rem; padding-inline-start: 1rem; }
  #series, #series tbody { display: block; }
  #series thead { display: none; }
  #series tbody tr { display: grid; grid-template-columns: 1fr auto; border-top: 1px solid var(--line); }
  #series tbody th { grid-column: 1 / -1; padding-bottom: 0; border: 0; }
  #series tbody td { width: auto; min-width: 0; border: 0; }
  .plot svg { width: 8rem; }
  .plot span { min-width: 0; }
  #series tbody .plot { padding-inline-start: 0; text-align: start; }
}
`;
