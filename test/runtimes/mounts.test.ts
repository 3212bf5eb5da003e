import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readDocument } from "../docs/documents.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { type Fixture, watch } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const RUNTIMES = fileURLToPath(new URL("node_modules/", import.meta.url));
const ENTRY = new URL("../../dist/index.js", import.meta.url).href;

const BUN = [`${RUNTIMES}@oven/bun-linux-x64/bin/bun`] as const;
const DENO = [`${RUNTIMES}@deno/linux-x64-glibc/deno`, "run", "--allow-all"] as const;

/** Runs a test with what the guide says for a runtime, on a free port of the loopback. */
async function withServer(
  [program, ...flags]: readonly [string, ...string[]],
  runtime: string,
  withPort: (code: string) => string,
  use: (port: number, child: Fixture) => Promise<void>,
): Promise<void> {
  const mounts = readDocument("docs/guide/mounts.md").text;
  const [, code = ""] = new RegExp(`^\\| ${runtime}[^|]*\\| \`(.*)\` \\|$`, "m").exec(mounts) ?? [];
  assert.notEqual(withPort(code), code);
  await withTempDir(async (folder) => {
    const file = join(folder, "server.mjs");
    await writeFile(
      file,
      `import { createHandler } from ${JSON.stringify(ENTRY)};
      const metrics = createHandler({ gather: () => ({ families: [] }) });
      const server = ${withPort(code)};
      console.log("listening " + (server.port ?? server.addr.port));`,
    );
    const child = watch(spawn(program, [...flags, file], { stdio: "pipe" }));
    await use(Number(await child.line("listening ")), child);
    child.signal("SIGKILL");
    await child.exit();
  });
}

test("the guide's line for Bun serves the metrics at /metrics, and nothing else", () => {
  const withPort = (code: string) => code.replace("({", '({ port: 0, hostname: "127.0.0.1",');
  return withServer(BUN, "Bun", withPort, async (port) => {
    const answer = await httpGet(`http://127.0.0.1:${port}/metrics?name[]=x`);
    assert.equal(answer.status, 200);
    assert.match(`${answer.headers["content-type"]}`, /^text\/plain; version=/);
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`)).status, 404);
  });
});

test("the guide's line for Deno serves every path, and Deno gives its hint once", () => {
  const options = '{ port: 0, hostname: "127.0.0.1", onListen() {} }';
  const withPort = (code: string) => code.replace("(", `(${options}, `);
  return withServer(DENO, "Deno", withPort, async (port, child) => {
    for (const path of ["/metrics", "/", "/metrics"]) {
      assert.equal((await httpGet(`http://127.0.0.1:${port}${path}`)).status, 200);
    }
    child.signal("SIGKILL");
    const { stderr } = await child.exit();
    assert.equal(stderr.match(/request\.signal aborts on successful responses/g)?.length, 1);
  });
});
