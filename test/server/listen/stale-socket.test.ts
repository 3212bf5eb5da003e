import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { link, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { removeStaleSocket } from "../../../src/server/listen/stale-socket.ts";
import { netServer } from "../../helpers/http/net-server.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

/** Leaves a socket behind on which nothing listens, as a killed process does. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.open`, resolve));
  await link(`${path}.open`, path);
  await new Promise((resolve) => server.close(resolve));
}

test("removeStaleSocket() removes a socket on which nothing answers", () =>
  withTempDir(async (directory) => {
    await leaveSocket(`${directory}/s`);
    assert.equal(existsSync(`${directory}/s`), true);
    assert.equal(await removeStaleSocket(`${directory}/s`), true);
    assert.equal(existsSync(`${directory}/s`), false);
  }));

test("removeStaleSocket() keeps a socket on which something answers", () =>
  withTempDir(async (directory) => {
    const { server } = await netServer({ path: `${directory}/s` });
    assert.equal(await removeStaleSocket(`${directory}/s`), false);
    assert.equal(existsSync(`${directory}/s`), true);
    await new Promise((resolve) => server.close(resolve));
  }));

test("removeStaleSocket() keeps what is not a socket", () =>
  withTempDir(async (directory) => {
    await writeFile(`${directory}/file`, "data");
    assert.equal(await removeStaleSocket(`${directory}/file`), false);
    assert.equal(await readFile(`${directory}/file`, "utf8"), "data");
    await mkdir(`${directory}/directory`);
    assert.equal(await removeStaleSocket(`${directory}/directory`), false);
    await leaveSocket(`${directory}/s`);
    await symlink(`${directory}/s`, `${directory}/link`);
    assert.equal(await removeStaleSocket(`${directory}/link`), false);
    assert.equal(existsSync(`${directory}/link`), true);
  }));

test("removeStaleSocket() succeeds when the path is free", () =>
  withTempDir(async (directory) => {
    assert.equal(await removeStaleSocket(`${directory}/s`), true);
    await rename(directory, `${directory}-moved`);
    assert.equal(await removeStaleSocket(`${directory}/s`), true);
    await rename(`${directory}-moved`, directory);
  }));

test("removeStaleSocket() keeps what it cannot inspect", () =>
  withTempDir(async (directory) => {
    await writeFile(`${directory}/file`, "");
    assert.equal(await removeStaleSocket(`${directory}/file/s`), false);
  }));
