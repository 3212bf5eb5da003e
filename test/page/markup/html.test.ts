import assert from "node:assert/strict";
import { test } from "node:test";
import { cutText, html, NO_HTML, showName } from "../../../src/page/markup/html.ts";
import { countOf, formatCount } from "../../../src/page/markup/units.ts";

test("html escapes what HTML would read otherwise", () => {
  const text = `</script><img src=x onerror='alert(1)'>&amp;"`;
  const { markup } = html`<p title="${text}">${text}</p>`;
  const escaped = "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;&quot;";
  assert.equal(markup, `<p title="${escaped}">${escaped}</p>`);
});

test("html keeps markup as it is, by itself and in lists", () => {
  const items = ["a", "<"].map((item) => html`<li>${item}</li>`);
  assert.equal(
    html`<ul>${items}</ul>${{ markup: "<hr>" }}${NO_HTML}`.markup,
    "<ul><li>a</li><li>&lt;</li></ul><hr>",
  );
});

test("html does not escape twice", () => {
  assert.equal(html`${html`${"<"}`}`.markup, "&lt;");
});

test("formatCount() groups thousands, the same everywhere", () => {
  assert.deepEqual([0, 999, 1_234_567].map(formatCount), ["0", "999", "1,234,567"]);
});

test("countOf() tells one from many", () => {
  const counted = [0, 1, 1_000].map((count) => countOf(count, "family", "families"));
  assert.deepEqual(counted, ["0 families", "1 family", "1,000 families"]);
});

test("cutText() truncates long text, but not within a character", () => {
  assert.equal(cutText("abc", 3), "abc");
  assert.equal(cutText("abcd", 3), "abc…");
  assert.equal(cutText("ab😀d", 3), "ab…");
  assert.equal(cutText("a😀cd", 3), "a😀…");
});

test("showName() shows invisible characters", () => {
  assert.equal(showName("up\u202e\u200b\n\u0000", 10), "up\\u{202e}\\u{200b}\\u{a}\\u{0}");
  assert.equal(showName("größe.日本", 20), "größe.日本");
});
