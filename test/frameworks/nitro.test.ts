import assert from "node:assert/strict";
import { test } from "node:test";
import { decompress } from "../exposition/compression/helpers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { parseExposition } from "../judge/index.ts";
import { BUILD_MS, programOf, withProject } from "./with-project.ts";

const NITRO = programOf("nitropack/dist/cli/index.mjs");

/** What Nuxt adds to the example, as far as its server is concerned. */
const NUXT = {
  "package.json": `{ "type": "module" }`,
  "nitro.config.mjs": `export default { srcDir: "server", compatibilityDate: "2026-11-01" };`,
};

test("the example for Nuxt, built by Nitro, serves its metrics", () =>
  withProject({ example: "nuxt", files: NUXT }, async (project) => {
    const { code, stdout, stderr } = await project.node([NITRO, "build"]).exit(BUILD_MS);
    assert.equal(code, 0, stdout + stderr);

    const port = await freePort();
    const env = { HOST: "127.0.0.1", PORT: `${port}` };
    const application = project.node([".output/server/index.mjs"], env);
    await application.line("Listening on");
    const origin = `http://127.0.0.1:${port}`;
    assert.equal(`${(await httpGet(`${origin}/visit`)).body}`, "Hello!");
    for (const accept of [TEXT, OPENMETRICS]) {
      for (const encoding of ["identity", "gzip"] as const) {
        const headers = { accept, "accept-encoding": encoding };
        const answer = await httpGet(`${origin}/metrics`, headers);
        assert.equal(answer.status, 200);
        const { "content-type": type = "", "content-encoding": used } = answer.headers;
        assert.deepEqual(
          [type.split(";")[0], used ?? "identity"],
          [accept.split(";")[0], encoding],
        );
        assert.ok(used === undefined || used === "gzip");
        const body = used === undefined ? answer.body : decompress(answer.body, used);
        parseExposition(type, body);
        assert.match(`${body}`, /^shop_visits_total 1$/m);
      }
    }
    application.signal("SIGTERM");
    const output = await application.exit();
    assert.doesNotMatch(output.stdout + output.stderr, /promhttp/);
  }));

const TEXT = "text/plain; version=0.0.4";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0";
