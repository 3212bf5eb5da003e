import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../helpers/http/free-port.ts";
import { type HttpAnswer, httpGet } from "../helpers/http/http-get.ts";
import { type Fixture, forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { blocksOf, linesOf, ROOT, readDocument, sectionOf } from "./documents.ts";

const run = promisify(execFile);
const PACKAGE = fileURLToPath(ROOT);

const SECTION = sectionOf(readDocument("README.md"), "Quick start");
const BLOCKS = blocksOf({ path: "README.md", text: SECTION });
/** The port that the README names, which somebody may listen on. */
const PORT = "9464";

test("the README's quick start", async (t) => {
  const [setup, file, start] = BLOCKS;
  assert.ok(setup && file && start);
  const [, name = ""] = /^Save as `([^`]+)`/.exec(file.caption) ?? [];
  assert.deepEqual(linesOf(setup.code), ["npm init -y", "npm install promhttp prom-client"]);
  assert.deepEqual(linesOf(start.code), [`node ${name}`]);

  await withTempDir(async (folder) => {
    await run("npm", ["init", "-y"], { cwd: folder });
    await installPackage(folder);
    await copyInstalled("prom-client", folder);

    // `npm init` writes "commonjs" since version 11, and nothing before.
    for (const type of [undefined, "commonjs", "module"]) {
      await t.test(
        `runs when pasted, and ends on SIGTERM, in a package of type ${type}`,
        async () => {
          await setType(folder, type);
          const port = `${await freePort()}`;
          const script = file.code.replace(PORT, port);
          assert.equal(script.replace(port, PORT), file.code);
          assert.ok(!script.includes(PORT));
          await writeFile(join(folder, name), script);
          const [page, metrics] = SECTION.match(/http:\/\/localhost:\d+[\w/]*/g) ?? [];
          const urlOf = (url = "") => url.replace(PORT, port);

          const program = forkNode([name], { cwd: folder });
          assert.match(
            `${(await firstAnswer(urlOf(page), program)).headers["content-type"]}`,
            /html/,
          );
          assert.match(`${(await httpGet(urlOf(metrics))).body}`, /^process_cpu_seconds_total \d/m);
          program.signal("SIGTERM");
          assert.deepEqual(await program.exit(), { code: 0, signal: null, stdout: "", stderr: "" });
        },
      );
    }

    await t.test("installs examples that run", async () => {
      const example = "./node_modules/promhttp/examples/nextjs/app/metrics/route.js";
      const request = `new Request("http://localhost/metrics")`;
      const code = `const { GET } = await import("${example}"); console.log((await GET(${request})).status)`;
      const program = forkNode(["--input-type=module", "--eval", code], { cwd: folder });
      assert.deepEqual(await program.exit(), {
        code: 0,
        signal: null,
        stdout: "200\n",
        stderr: "",
      });
    });
  });
});

/** Changes what a package says of its `.js` files. */
async function setType(folder: string, type: string | undefined): Promise<void> {
  const path = join(folder, "package.json");
  const content = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...content, type }));
}

/** Installs this package as npm would publish it. */
async function installPackage(folder: string): Promise<void> {
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const tarball = (await run("npm", pack, { cwd: PACKAGE })).stdout.trim();
  const install = ["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`];
  await run("npm", install, { cwd: folder });
}

/** Copies a package that is installed here, and what it depends on: npm would ask the network. */
async function copyInstalled(name: string, folder: string): Promise<void> {
  const path = join("node_modules", name);
  await cp(join(PACKAGE, path), join(folder, path), { recursive: true });
  const { dependencies = {} } = JSON.parse(
    await readFile(join(folder, path, "package.json"), "utf8"),
  );
  for (const dependency of Object.keys(dependencies)) await copyInstalled(dependency, folder);
}

/** Asks until the program listens, or has ended. */
async function firstAnswer(url: string, program: Fixture): Promise<HttpAnswer> {
  let hasEnded = false;
  const ended = program.exit().finally(() => {
    hasEnded = true;
  });
  ended.catch(() => {});
  while (!hasEnded) {
    try {
      return await httpGet(url);
    } catch {
      await sleep(20);
    }
  }
  throw new Error(`It ended before it listened: ${(await ended).stderr}`);
}
