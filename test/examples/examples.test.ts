import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";

const FOLDER = new URL("../../examples/", import.meta.url);

/** What each example must show to a scraper, and where. */
const EXAMPLES: Readonly<Record<string, { readonly path?: string; readonly shows: RegExp }>> = {
  "basic.mjs": { shows: /^jobs_total\{queue="mail"\} 1$/m },
  "custom-registry.mjs": { path: "/custom", shows: /^basket_items\{app="shop"\} 3$/m },
  "demo.mjs": { shows: /^machine_disk_bytes\{state="free"\} \d+$/m },
  "graceful-shutdown.mjs": { shows: /^requests_total 0$/m },
  "several-registries.mjs": {
    shows: /^requests_total\{team="orders"\} 2\nrequests_total\{team="billing"\} 5$/m,
  },
};

test("every example has a test", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".mjs"));
  assert.deepEqual(files.sort(), Object.keys(EXAMPLES).sort());
});

for (const [name, { path = "/metrics", shows }] of Object.entries(EXAMPLES)) {
  test(`the example ${name} serves its metrics and stops on SIGTERM`, async () => {
    const port = await freePort();
    const source = readFileSync(new URL(name, FOLDER), "utf8").replaceAll("9464", `${port}`);
    const child = spawn(process.execPath, ["--input-type=module"], {
      cwd: new URL("..", FOLDER),
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin.end(source);
    try {
      const response = await firstAnswer(`http://127.0.0.1:${port}${path}`, child);
      assert.equal(response.status, 200);
      assert.match(await response.text(), shows);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
}

/** Asks until the program listens, or has ended. */
async function firstAnswer(url: string, child: ChildProcess): Promise<Response> {
  while (child.exitCode === null) {
    try {
      return await fetch(url);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`The program ended with status ${child.exitCode}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
