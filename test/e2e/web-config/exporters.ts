import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stop } from "../programs.ts";

/** An exporter with a web configuration file that listens on the loopback. */
export interface RunningExporter extends AsyncDisposable {
  readonly port: number;
  /** Tells whether it has ended by itself, or is about to. */
  hasEnded(): Promise<boolean>;
}

/** Starts an exporter with a file; `undefined` if it refuses the file. */
export type StartExporter = (folder: string, file: string) => Promise<RunningExporter | undefined>;

const ADDRESS = "--web.listen-address=127.0.0.1:0";

/** Starts the node_exporter of Debian. */
export const startTheirs: StartExporter = (folder, file) =>
  start(folder, "prometheus-node-exporter", [
    "--collector.disable-defaults",
    ADDRESS,
    `--web.config.file=${file}`,
  ]);

const PROGRAM = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

/** Starts the program with a registry without metrics. */
export const startOurs: StartExporter = async (folder, file) => {
  const module = join(folder, "exporter.mjs");
  await writeFile(module, "export default { gather: () => ({ families: [] }) };");
  return start(folder, process.execPath, [PROGRAM, ADDRESS, `--web.config.file=${file}`, module]);
};

/** Both write this line last, after they have read the file. */
const STARTED = /msg="TLS is (?:en|dis)abled\." .*address=127\.0\.0\.1:(\d+)/;

async function start(
  folder: string,
  program: string,
  args: readonly string[],
): Promise<RunningExporter | undefined> {
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit").then(() => undefined);
  const port = await Promise.race([portOf(child), ended]);
  if (port === undefined) return undefined;
  return {
    port,
    hasEnded: () => Promise.race([ended.then(() => true), sleep(500, false)]),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

function portOf({ stderr }: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    if (stderr === null) return;
    createInterface({ input: stderr }).on("line", (line) => {
      const [, port] = STARTED.exec(line) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
