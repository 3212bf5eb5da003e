import assert from "node:assert/strict";
import { test } from "node:test";
import { createLandingPage } from "../../src/server/landing-page.ts";

test("createLandingPage() links to the metrics and the probes", () => {
  assert.equal(
    createLandingPage("/metrics"),
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Metrics</title>
<h1>Metrics</h1>
<p>This process is monitored by Prometheus.</p>
<ul>
<li><a href="/metrics">/metrics</a></li>
<li><a href="/-/healthy">/-/healthy</a></li>
<li><a href="/-/ready">/-/ready</a></li>
</ul>
</html>
`,
  );
});

test("createLandingPage() escapes what HTML would read otherwise", () => {
  const link = '<a href="/&lt;&amp;&quot;&#39;&gt;">/&lt;&amp;&quot;&#39;&gt;</a>';
  assert.ok(createLandingPage(`/<&"'>`).includes(link));
});
