import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../helpers/http/free-port.ts";
import { within } from "../helpers/within.ts";

/** A PostgreSQL on a folder and a port of its own. */
export interface Postgres extends AsyncDisposable {
  /** Where it is, for its only user, who needs no password. */
  readonly url: string;
  /** Starts it again, with the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the PostgreSQL of Debian. */
export async function startPostgres(): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), "promhttp-postgres-"));
  const user = userOf();
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const options = { ...user, cwd: folder };
  const flags = ["--pgdata", data, "--username", "test", "--auth", "trust", "--no-sync"];
  execFileSync(programOf("initdb"), flags, { ...options, stdio: ["ignore", "ignore", "inherit"] });

  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    fsync: "off",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let child: ChildProcess | undefined;
  const start = async () => {
    const started = spawn(programOf("postgres"), ["-D", data, ...args], {
      ...options,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child = started;
    await within("PostgreSQL listens", readiness(started));
  };
  const stop = async () => {
    if (child === undefined || child.exitCode !== null) return;
    // Ends sessions that are open: postgres(1), "fast shutdown".
    child.kill("SIGINT");
    await once(child, "exit");
  };
  await start();
  return {
    url: `postgresql://test@127.0.0.1:${port}/postgres`,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its programs are not in the path, since several versions may be installed. */
function programOf(name: string): string {
  const root = "/usr/lib/postgresql";
  const [version] = readdirSync(root);
  // `npm run test:e2e` installs it first.
  if (version === undefined) throw new Error(`Cannot find PostgreSQL in ${root}`);
  return join(root, version, "bin", name);
}

/** The user of the package: PostgreSQL refuses to run as root. */
function userOf(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("--user"), gid: idOf("--group") };
}

/** Waits for the line that says so. */
function readiness({ stderr }: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stderr === null) throw new Error("Its standard error is not read");
    let logged = "";
    createInterface(stderr)
      .on("line", (line) => {
        logged += `${line}\n`;
        if (line.includes("ready to accept connections")) resolve();
      })
      .on("close", () => reject(new Error(`PostgreSQL has ended:\n${logged}`)));
  });
}
