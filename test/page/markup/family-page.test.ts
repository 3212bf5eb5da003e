import assert from "node:assert/strict";
import { test } from "node:test";
import { familyPage } from "../../../src/page/markup/family-page.ts";
import type { FamilyDetail } from "../../../src/page/measure/inspect-family.ts";
import type { Unavailable } from "../../../src/scrape/exchange.ts";

const DETAIL: FamilyDetail = {
  name: "a<b",
  help: "Help & more.",
  type: "counter",
  unit: "seconds",
  labelSets: 3,
  series: 3,
  labels: [
    {
      name: "l<",
      values: [
        { value: "v<\u202e", labelSets: 2 },
        { value: "", labelSets: 1 },
      ],
      count: 5,
      isAtLeast: true,
    },
  ],
  samples: [{ series: 'a<b{l="v"}', value: "7" }],
};

function pageOf(detail: FamilyDetail | null | Unavailable, name = "a<b"): string {
  const parts = familyPage(name, detail, {
    facts: {
      name: "shop",
      version: undefined,
      host: "web-1",
      pid: 1,
      uptimeSeconds: 1,
    },
    paths: [{ path: "/metrics" }],
    formats: ["text-0.0.4", "protobuf"],
    nonce: "abc",
    date: new Date(0),
  });
  return Array.from(parts, ({ markup }) => markup).join("");
}

test("familyPage() shows a family, its labels with their values, and its series", () => {
  const page = pageOf(DETAIL);
  for (const part of [
    "<title>a&lt;b of shop on web-1</title>",
    '<a href="?">All metrics of shop on web-1</a>',
    "<h1><code>a&lt;b</code></h1>",
    "Help &amp; more.",
    "<dt>Type</dt><dd>counter</dd>",
    "<dt>Unit</dt><dd>seconds</dd>",
    "<summary>Label <code>l&lt;</code> <span>5+ values</span></summary>",
    '<table id="label-l%3C">',
    "<code>v&lt;\\u{202e}</code></th><td>2",
    "<code>(empty)</code></th><td>1",
    "3 more are in as few label sets or fewer",
    '<table id="series" data-family="a&lt;b" data-type="counter">',
    "<code>a&lt;b{l=&quot;v&quot;}</code>",
    "2 others are in the raw metrics.",
    '<a href="?format=protobuf&amp;name[]=a%3Cb">Protobuf (download)</a>',
  ]) {
    assert.ok(page.includes(part), part);
  }
});

test("familyPage() asks no live values of a very large family, and none of an empty one", () => {
  const large = pageOf({ ...DETAIL, series: 5_001 });
  assert.match(large, /<table id="series">/);
  assert.match(large, /too large for live values/);
  const empty = pageOf({
    ...DETAIL,
    series: 0,
    labels: [],
    samples: [],
    help: "",
    unit: undefined,
  });
  assert.match(empty, /It has no series at the moment/);
  assert.doesNotMatch(empty, /<table|class="help"|Unit/);
});

test("familyPage() says when there is no such family, or nothing could be gathered", () => {
  assert.match(pageOf(null, "<x>"), /&lt;x&gt;.*There is no metric family of this name now/s);
  assert.match(pageOf("late"), /could not be gathered in time/);
});
