import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

// The permission model of Node.js may forbid threads, without which no password can be compared.

const INDEX = new URL("../../../dist/index.js", import.meta.url).href;
const HASH = "$2y$04$7tOSqcC1wdfkfhZTN6FbjeYgnXcUqScCu7MWTKTcBPjhPzW/12lH.";

const FLAGS = process.allowedNodeEnvironmentFlags;
const PERMISSION = FLAGS.has("--permission") ? "--permission" : "--experimental-permission";
const NETWORK = FLAGS.has("--allow-net") ? ["--allow-net"] : [];

/** What comes of a server with these options, in a process with these permissions. */
async function outcomeOf(options: object, ...permissions: string[]): Promise<string> {
  const script = `
    import { Server } from ${JSON.stringify(INDEX)};
    const source = { gather: () => ({ families: [] }) };
    try {
      const server = await Server.listen(source, "127.0.0.1:0", ${JSON.stringify(options)});
      const authorization = "Basic " + btoa("prom:secret");
      console.log((await fetch(server.url, { headers: { authorization } })).status);
      await server.close();
    } catch (error) {
      console.log(error.name, error.message);
    }`;
  const flags = ["--no-warnings", PERMISSION, "--allow-fs-read=*", ...NETWORK, ...permissions];
  const args = [...flags, "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: {},
  });
  return stdout.trim();
}

test("a server with users does not start where threads are forbidden", () =>
  withTempDir(async (directory) => {
    const reason = "passwords need a thread, and Node needs --allow-worker for it";
    const auth = { users: { prom: HASH } };
    assert.equal(
      await outcomeOf({ auth }),
      `RangeError Option "auth.users" cannot be used: ${reason}`,
    );
    const webConfigFile = join(directory, "web.yml");
    await writeFile(webConfigFile, `basic_auth_users:\n  prom: ${HASH}\n`);
    assert.equal(
      await outcomeOf({ webConfigFile }),
      `ConfigError Cannot use ${webConfigFile}: ${reason}`,
    );
    assert.equal(await outcomeOf({ auth }, "--allow-worker"), "200");
  }));
