import assert from "node:assert/strict";
import { test } from "node:test";
import { pathLinks } from "../../../src/page/markup/path-links.ts";

const NO_PROBE = { modules: undefined, params: undefined };

test("pathLinks() links to what is not a probe, and has a form for each probe", () => {
  const { markup } = pathLinks([
    { path: "/metrics" },
    { path: "/probe", probe: { modules: ["gen1", "gen2"], params: ["room"] } },
    { path: "/metrics/db" },
    { path: "/tcp", probe: NO_PROBE },
  ]);
  assert.equal(
    markup,
    `<nav> <a href="./metrics">/metrics</a> <a href="./metrics/db">/metrics/db</a></nav>
<form class="probe" action="./probe" aria-label="Probe /probe">
<label>target <input name="target" required placeholder="Host, host:port or URL" autocapitalize="off" autocorrect="off" spellcheck="false"></label>
<label>module <select name="module"><option value="gen1">gen1</option><option value="gen2">gen2</option></select></label>
<label>room <input name="room" autocapitalize="off" autocorrect="off" spellcheck="false"></label>
<button>Probe <code>/probe</code></button>
</form>
<form class="probe" action="./tcp" aria-label="Probe /tcp">
<label>target <input name="target" required placeholder="Host, host:port or URL" autocapitalize="off" autocorrect="off" spellcheck="false"></label>
<button>Probe <code>/tcp</code></button>
</form>
`,
  );
});

test("pathLinks() has nothing where the paths are not known", () => {
  assert.equal(pathLinks([]).markup, "");
});

for (const path of ["/a:b", "//host/metrics", "/m'&etrics"]) {
  for (const probe of [undefined, NO_PROBE]) {
    const kind = probe === undefined ? "link" : "form";
    test(`pathLinks() makes a ${kind} of the path ${path} that stays on this server`, () => {
      const { markup } = pathLinks([probe === undefined ? { path } : { path, probe }]);
      const [, found = ""] = /(?:href|action)="([^"]*)"/.exec(markup) ?? [];
      const read = found.replace("&#39;", "'").replace("&amp;", "&");
      assert.equal(new URL(read, "http://test/").href, `http://test${path}`);
      // A proxy has put a path in front.
      assert.equal(new URL(read, "http://test/node/").href, `http://test/node${path}`);
    });
  }
}

test("pathLinks() shows hostile names as text, and sends them as they are", () => {
  const attack = `"><script>alert(1)</script>`;
  const escaped = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;";
  const { markup } = pathLinks([{ path: "/p", probe: { modules: [attack], params: [attack] } }]);
  assert.doesNotMatch(markup, /<script/);
  assert.ok(markup.includes(`<option value="${escaped}">${escaped}</option>`));
  assert.ok(markup.includes(`<label>${escaped} <input name="${escaped}"`));
});

test("pathLinks() truncates a long name, and shows what is invisible", () => {
  const long = "m".repeat(100);
  const { markup } = pathLinks([{ path: "/p", probe: { modules: [long, "a\u202eb"] } }]);
  assert.ok(markup.includes(`<option value="${long}">${"m".repeat(60)}…</option>`));
  assert.ok(markup.includes(`<option value="a\u202eb">a\\u{202e}b</option>`));
});
