import assert from "node:assert/strict";
import { test } from "node:test";
import { html, NO_HTML } from "../../src/page/html.ts";

test("html escapes what HTML would read otherwise", () => {
  const text = `</script><img src=x onerror='alert(1)'>&amp;"`;
  const { markup } = html`<p title="${text}">${text}</p>`;
  const escaped = "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;&quot;";
  assert.equal(markup, `<p title="${escaped}">${escaped}</p>`);
});

test("html takes markup as it is, alone and in lists", () => {
  const items = ["a", "<"].map((item) => html`<li>${item}</li>`);
  assert.equal(
    html`<ul>${items}</ul>${{ markup: "<hr>" }}${NO_HTML}`.markup,
    "<ul><li>a</li><li>&lt;</li></ul><hr>",
  );
});

test("html does not escape twice", () => {
  assert.equal(html`${html`${"<"}`}`.markup, "&lt;");
});
