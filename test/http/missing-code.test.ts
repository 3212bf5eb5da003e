import assert from "node:assert/strict";
import { cp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Scrapes OpenMetrics twice and text once, and says what became of each. */
const SCRIPT = `
  const { Server } = await import(process.argv[1]);
  const metrics = [{ labels: {}, value: 1 }];
  const families = [{ name: "g", help: "", type: "gauge", metrics }];
  const source = { gather: () => ({ families }) };
  const server = await Server.listen(source, "127.0.0.1:0", { logger: false });
  const statuses = [];
  for (const Accept of ["application/openmetrics-text", "application/openmetrics-text", "*/*"]) {
    const response = await fetch(server.url, { headers: { Accept } });
    await response.text();
    statuses.push(response.status);
  }
  await server.close();
  console.log(\`statuses \${statuses}\`);
`;

test("a format whose code cannot be loaded fails only its own scrapes", async () => {
  await withTempDir(async (directory) => {
    await cp(DIST, directory, { recursive: true });
    await writeFile(join(directory, "package.json"), '{ "type": "module" }');
    const files = await readdir(directory);
    const missing = files.filter((file) => file.startsWith("openmetrics-"));
    assert.equal(missing.length, 1);
    for (const file of missing) await rm(join(directory, file));
    const entry = pathToFileURL(join(directory, "index.js")).href;
    const child = forkNode(["--input-type=module", "--eval", SCRIPT, entry]);
    const { code, stdout, stderr } = await child.exit();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "statuses 500,500,200\n" }, stderr);
  });
});
