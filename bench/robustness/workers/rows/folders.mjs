// The folder in which the processes of an application meet, and what is in the way there.
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application } from "../application.mjs";
import { assertSame, assertValue } from "../samples.mjs";
import { upgradeAt } from "../stray.mjs";
import { inTopology } from "../targets.mjs";

const NOBODY = 65_534;

/** Folders that must not be used, each with what makes it so. */
const UNSAFE = {
  "another user's": (path) => {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, NOBODY, NOBODY);
  },
  "a link": (path) => {
    mkdirSync(`${path}-real`, { mode: 0o700 });
    symlinkSync(`${path}-real`, path);
  },
  "open to others": (path) => {
    mkdirSync(path);
    chmodSync(path, 0o755);
  },
};

export const FOLDERS = [
  {
    row: 47,
    title: "a runtime folder of another user, a link, or open to others",
    only: "processes",
    isOursOnly: true,
    isWithoutApplication: true,
    variant: inTopology("forks"),
    async run(target) {
      for (const [name, make] of Object.entries(UNSAFE)) await refuses(target, name, make);
    },
  },
  {
    row: 48,
    title: "no folder for temporary files; an upgrade at the public port",
    only: "processes",
    isOursOnly: true,
    variant: inTopology("forks"),
    workers: 1,
    env: { PROMHTTP_RUNTIME_DIR: undefined, TMPDIR: "/nonexistent" },
    async run(app) {
      const roles = [app.hub, ...app.workers].map((worker) =>
        worker.run(({ server }) => server.role),
      );
      assertSame((await Promise.all(roles)).sort(), ["hub", "member"]);
      assert.ok(!(await upgradeAt({ port: app.port, host: "127.0.0.1" })).includes(" 101 "));
    },
  },
];

async function refuses(target, name, make) {
  const folder = mkdtempSync(join(tmpdir(), "promhttp-unsafe-"));
  const path = join(folder, "run");
  make(path);
  const env = { PROMHTTP_RUNTIME_DIR: path };
  const app = await Application.start(target, { workers: 0, env });
  try {
    const role = await app.hub.run(({ server }) => server.role);
    assertSame(role, "alone", name);
    await app.hub.run(({ client }) => new client.Counter({ name: "c_total", help: "h" }).inc());
    assertValue(await app.scrape(), "c_total", 1);
    const lines = app.output.split("\n").filter((line) => line.startsWith("promhttp:"));
    assertSame(lines.length, 1, `${name}: lines`);
  } finally {
    await app.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
