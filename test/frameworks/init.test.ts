import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { type Fixture, watch } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { runContainer, skip } from "./run-container.ts";
import { type RegistryEnv, withRegistry } from "./with-registry.ts";

/** A folder, and the environment of what runs in it. */
interface Place {
  readonly folder: string;
  readonly env: RegistryEnv;
}

/** Starts a command in a shell, in a group of processes of its own. */
function start(command: string, { folder, env }: Place): Fixture & { kill(): void } {
  // A test runner that finds itself in a test does nothing.
  const { NODE_TEST_CONTEXT: _, ...ours } = process.env;
  const child = spawn("sh", ["-c", command], {
    cwd: folder,
    env: { ...ours, ...env },
    detached: true,
    stdio: "pipe",
  });
  return { ...watch(child), kill: () => void process.kill(-Number(child.pid), "SIGTERM") };
}

async function run(command: string, place: Place): Promise<string> {
  const { code, stdout, stderr } = await start(command, place).exit(60_000);
  assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
  return stdout;
}

/** Runs a test in an empty folder, with npm as if this package were published. */
function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  return withRegistry((env) =>
    withTempDir(async (temp) => {
      const folder = join(temp, "my-exporter");
      await mkdir(folder);
      await use({ folder, env: { ...env, HOME: temp } });
    }),
  );
}

/** A pattern that each of the last two commands must find: those that ask the exporter. */
const ANSWERS = [/^folder_entries\{path="\."\} [1-9]/m, /^probe_success 1$/m] as const;

test("each command that npx promhttp --init names works in an empty folder", () =>
  withPlace(async (place) => {
    const said = await run("npx --yes promhttp --init", place);
    const [, next = ""] = said.split("Next:\n");
    const [install = "", check = "", serve = "", ...requests] = next.trim().split(/\n +/);
    assert.deepEqual([install, check, serve], ["npm install", "npm test", "npm start"]);
    await run(install, place);
    assert.match(await run(check, place), /^(?:#|ℹ) pass 3$/m);

    const port = await freePort();
    const exporter = start(`${serve} -- --web.listen-address=127.0.0.1:${port}`, place);
    try {
      await firstAnswer(`http://127.0.0.1:${port}/`);
      for (const [index, pattern] of ANSWERS.entries()) {
        const [, url = ""] = /^curl "?([^"]+)"?$/.exec(requests[index] ?? "") ?? [];
        const { body } = await httpGet(`http://${url.replaceAll("9464", `${port}`)}`);
        assert.match(`${body}`, pattern);
      }
    } finally {
      exporter.kill();
      await exporter.exit();
    }
  }));

/** What an instruction of a Dockerfile has as JSON. */
function commandOf(instruction: string, dockerfile: string): string[] {
  const [, json = "[]"] = new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(dockerfile) ?? [];
  return JSON.parse(json);
}

/** Does in a folder what the instructions of the Dockerfile do in an image. */
async function build(place: Place, image: Place, dockerfile: string): Promise<void> {
  const ignored = (await readFile(join(place.folder, ".dockerignore"), "utf8")).trim().split("\n");
  const patterns = ignored.map(
    (line) => new RegExp(`^${line.replaceAll(".", "\\.").replaceAll("*", ".*")}$`),
  );
  const filter = (path: string) => !patterns.some((pattern) => pattern.test(basename(path)));
  for (const [, instruction, text = ""] of dockerfile.matchAll(/^(COPY|RUN) (.*)$/gm)) {
    if (instruction === "RUN") await run(text, image);
    else
      for (const source of text.split(" ").slice(0, -1)) {
        const target = join(image.folder, source);
        await cp(join(place.folder, source), target, { recursive: true, filter });
      }
  }
}

test(
  "the image of a new exporter serves as process 1, is healthy, and ends on SIGTERM",
  {
    skip,
  },
  () =>
    withPlace(async (place) => {
      await run("npx --yes promhttp --init && npm install", place);
      const image = { ...place, folder: `${place.folder}-image` };
      await mkdir(image.folder);
      const dockerfile = await readFile(join(place.folder, "Dockerfile"), "utf8");
      await build(place, image, dockerfile);
      // What the image has must not be found elsewhere.
      await rm(place.folder, { recursive: true });

      const port = await freePort();
      const args = [`--web.listen-address=:${port}`, "--folder.path=/proc"];
      const command = [...commandOf("ENTRYPOINT", dockerfile), ...args];
      const container = runContainer(command, image.folder, { PROBE_ALLOW: "127.0.0.0/8" });
      try {
        const { body } = await firstAnswer(`http://127.0.0.1:${port}/metrics`);
        assert.match(`${body}`, /^folder_entries\{path="\/proc"\} [1-9]\d*$/m);
        const target = `http://127.0.0.1:${port}/probe?target=127.0.0.1:${port}`;
        assert.match(`${(await httpGet(target)).body}`, /^probe_success 1$/m);
        const [node, ...healthcheck] = commandOf("HEALTHCHECK CMD", dockerfile);
        assert.equal(node, "node");
        const checked = healthcheck.map((arg) => arg.replace("9464", `${port}`));
        const child = watch(spawn(process.execPath, checked, { stdio: "pipe" }));
        assert.equal((await child.exit()).code, 0);
        await container.stop();
        assert.equal((await container.exit()).code, 0);
      } finally {
        container.signal("SIGKILL");
      }
    }),
);
