import assert from "node:assert/strict";
import { test } from "node:test";
import { familyTable } from "../../../src/page/markup/family-table.ts";
import type { FamilySize } from "../../../src/page/measure/measure-families.ts";

const FAMILY: FamilySize = {
  name: "up_total",
  help: "Is it?",
  type: "counter",
  labelSets: 1_000,
  series: 2_000,
  labels: [],
};

/** The table of one family, with changes. */
function tableOf(changes: Partial<FamilySize> = {}, others = 0): string {
  const family = { ...FAMILY, ...changes };
  const total = {
    families: 1 + others,
    labelSets: family.labelSets + others,
    series: family.series + 2 * others,
  };
  const parts = [...familyTable({ largest: [family], total }, "families")];
  return parts.map(({ markup }) => markup).join("");
}

test("familyTable() shows a family with its link and its share of all series", () => {
  assert.equal(
    tableOf({}, 1_000),
    `<table id="families" data-families="1001" data-series="4000">
<thead><tr><th scope="col"><span data-sort="name">Family</span> <span data-sort="type"></span></th><th scope="col" class="sets"><span data-sort="sets">Label sets</span></th><th scope="col"><span data-sort="series">Series</span></th></tr></thead>
<tbody>
<tr><th scope="row"><a href="?family=up_total"><code>up_<wbr>total</code></a> <span class="type">counter</span><p dir="auto">Is it?</p></th><td class="sets">1,000</td><td>2,000<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="50.0" height="4"/></svg></td></tr>
</tbody>
<tfoot><tr><th scope="row">1,000 smaller families</th><td class="sets">1,000</td><td>2,000</td></tr></tfoot>
</table>
`,
  );
});

test("familyTable() has no row of others when there are none, and no empty help", () => {
  assert.doesNotMatch(tableOf({ help: "" }), /tfoot|<p/);
});

test("familyTable() draws a bar where nothing has a series", () => {
  assert.match(tableOf({ labelSets: 0, series: 0 }), /<rect width="0.0"/);
});

test("familyTable() shows labels, with the number of their values where it is known", () => {
  const labels = [
    { name: "a" },
    { name: "b", values: 1, isAtLeast: false },
    { name: "c<", values: 20_000, isAtLeast: true },
  ];
  const list =
    '<ul><li><code>a</code></li><li><a href="?family=up_total#label-b"><code>b</code> 1 value</a></li>' +
    '<li><a href="?family=up_total#label-c%3C"><code>c&lt;</code> 20,000+ values</a></li></ul>';
  assert.ok(tableOf({ labels }).includes(list));
});

test("familyTable() escapes names and help, and encodes names in links", () => {
  const hostile = `"><svg onload='x'>&`;
  const markup = tableOf({ name: hostile, help: hostile, labels: [{ name: hostile }] });
  const escaped = "&quot;&gt;&lt;svg onload=&#39;x&#39;&gt;&amp;";
  assert.equal(markup.split(escaped).length, 4);
  assert.ok(!markup.includes("<svg onload"));
  assert.ok(markup.includes(`family=%22%3E%3Csvg%20onload%3D&#39;x&#39;%3E%26"`));
});

test("familyTable() links to names of UTF-8, even to those that cannot be encoded", () => {
  assert.ok(tableOf({ name: "größe & co" }).includes('family=gr%C3%B6%C3%9Fe%20%26%20co"'));
  assert.ok(tableOf({ name: "lone\ud800" }).includes('family=lone%EF%BF%BD"'));
});

test("familyTable() shows the beginning of what is too long, and does not link to it", () => {
  const markup = tableOf({
    name: "n".repeat(10_000),
    help: "h".repeat(10_000),
    labels: [{ name: "l".repeat(10_000) }],
  });
  assert.ok(markup.includes(`<code>${"n".repeat(200)}…</code>`));
  assert.ok(markup.includes(`>${"h".repeat(300)}…</p>`));
  assert.ok(markup.includes(`<code>${"l".repeat(60)}…</code>`));
  assert.ok(!markup.includes("<a "));
  assert.ok(markup.length < 2_000);
});
