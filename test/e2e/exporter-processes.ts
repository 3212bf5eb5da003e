// The examples of exporters, as processes: run by the program, or as a server.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../helpers/http/free-port.ts";
import { poll } from "../helpers/poll.ts";
import { stop } from "./programs.ts";

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The folder of the examples. */
export const EXAMPLES: string = pathOf("../../examples/exporters/");
/** Reads one of them. */
export const readExample = (name: string): Promise<string> =>
  readFile(join(EXAMPLES, name), "utf8");

/** An exporter under test. */
export interface Exporter extends AsyncDisposable {
  /** Its host and port. */
  readonly address: string;
}

/** Starts the program with a module, and waits for the line that says where it listens. */
export async function startProgram(
  module: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Exporter> {
  const args = ["--web.listen-address=127.0.0.1:0", module, ...flags];
  const child = spawn(process.execPath, [pathOf("../../dist/cli.js"), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const address = await addressOf(child);
  return { address, [Symbol.asyncDispose]: () => stop(child) };
}

async function addressOf(child: ChildProcess): Promise<string> {
  assert.ok(child.stderr !== null);
  let logged = "";
  createInterface(child.stderr).on("line", (line) => {
    logged += `${line}\n`;
  });
  let address: string | undefined;
  await poll("the line of the program", () => {
    assert.equal(child.exitCode, null, logged);
    [, address] = / msg="Listening on" .* url=http:\/\/([\w.:]+)/.exec(logged) ?? [];
    return address !== undefined;
  });
  return address ?? assert.fail();
}

/** Starts the example that needs no program, which answers for two probes. */
export async function startServer(env: Readonly<Record<string, string>>): Promise<Exporter> {
  const address = `127.0.0.1:${await freePort()}`;
  const source = (await readExample("server.mjs"))
    .replace(":9464", address)
    .replace("*.lan", "127.0.0.1")
    .replace('"*.example.com"', '"127.0.0.1", "localhost"');
  const child = spawn(process.execPath, ["--input-type=module"], {
    cwd: EXAMPLES,
    env: { ...process.env, ...env },
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(source);
  await poll("the server", () => {
    assert.equal(child.exitCode, null);
    return fetch(`http://${address}/-/healthy`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return { address, [Symbol.asyncDispose]: () => stop(child) };
}

/** Starts the example of a database; what it imports is installed for this test only. */
export async function startPostgresExporter(folder: string, url: string): Promise<Exporter> {
  await copyFile(join(EXAMPLES, "postgres.mjs"), join(folder, "postgres.mjs"));
  await symlink(pathOf("exporters/node_modules"), join(folder, "node_modules"));
  return startProgram(join(folder, "postgres.mjs"), [], { DB_URL: url });
}
