import assert from "node:assert/strict";
import { test } from "node:test";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { BUILD_MS, programOf, withProject } from "./with-project.ts";

test("a Next.js application serves the metrics of OpenTelemetry from a route", async () => {
  const example = "nextjs-opentelemetry";
  const files = { "package.json": '{ "name": "shop" }' };
  const next = programOf("next/dist/bin/next");
  await withProject({ example, files }, async ({ node }) => {
    const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_OPTIONS: undefined };
    const build = await node([next, "build"], env).exit(BUILD_MS);
    assert.equal(build.code, 0, build.stdout + build.stderr);
    for (const command of ["start", "dev"]) {
      const port = await freePort();
      const application = node([next, command, "--port", `${port}`], env);
      const url = `http://127.0.0.1:${port}`;
      await firstAnswer(url);
      assert.match(`${(await httpGet(url)).body}`, /Hello!/);
      const { status, body } = await httpGet(`${url}/metrics`);
      assert.equal(status, 200, `${body}`);
      assert.match(`${body}`, /^shop_visits_total\{page="\/",otel_scope_name="shop"\} [1-9]/m);
      application.signal("SIGTERM");
      const { stdout, stderr } = await application.exit();
      assert.doesNotMatch(stdout + stderr, /promhttp/);
    }
  });
});
