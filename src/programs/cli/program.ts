import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { MetricsError, Server } from "../../index.ts";
import { type Exporter, ExporterError } from "./exporter.ts";
import { parseCommand, type Settings, UsageError } from "./flags.ts";
import { HELP } from "./help.ts";
import { loadExporter, ownExporter } from "./load.ts";
import { createProgramLog, type ProgramLog } from "./log.ts";
import { exitOnSignals } from "./signals.ts";
import { versionLine } from "./version.ts";

/**
 * Runs the program `promhttp`.
 *
 * @param args What stands behind its name on the command line.
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    const command = parseCommand(args);
    if (command.kind === "serve") await serve(command.settings);
    else process.stdout.write(command.kind === "help" ? HELP : `${versionLine()}\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`promhttp: ${error.message}. Try --help\n`);
    process.exitCode = 2;
  }
}

async function serve(settings: Settings): Promise<void> {
  const log = openLog(settings);
  let stop = async () => {};
  exitOnSignals((signal) => {
    log.info("Shutting down", { signal });
    return stop();
  });
  const exporter = await load(settings.module, log);
  const servers = await listen(settings, exporter, log);
  stop = async () => {
    await Promise.all(servers.map((server) => server.close()));
    await close(exporter, log);
  };
  for (const { address, url } of servers) {
    log.info("Listening on", { address: nameOf(address), url });
  }
}

function openLog({ logLevel, logFormat }: Settings): ProgramLog {
  // Whoever reads the log may go away; an exporter goes on.
  process.stderr.on("error", () => {});
  return createProgramLog(logLevel, logFormat, (line) => process.stderr.write(`${line}\n`));
}

async function load(module: string | undefined, log: ProgramLog): Promise<Exporter> {
  const folder = process.cwd();
  try {
    if (module !== undefined) return await loadExporter(module, folder);
    const exporter = ownExporter(folder);
    log.info("Serving the metrics of this process. To serve others: promhttp ./my-exporter.mjs");
    return exporter;
  } catch (error) {
    if (error instanceof ExporterError) return fail(error.message, log);
    log.error("The module failed", { module: module ?? "a client library" });
    return crash(error);
  }
}

/** Listens on every address, or on none. */
async function listen(
  { addresses, path, maxRequestsInFlight, selfMetrics }: Settings,
  { source, onScrape }: Exporter,
  log: ProgramLog,
): Promise<readonly Server[]> {
  // The program need not say its name in its own log.
  const write = (level: "error" | "warn") => (message: string) =>
    log[level](message.replace(/^promhttp: /, ""));
  const logger = { error: write("error"), warn: write("warn") };
  const options = { path, maxRequestsInFlight, selfMetrics, onScrape, logger };
  const servers: Server[] = [];
  try {
    for (const address of addresses) servers.push(await Server.listen(source, address, options));
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    // A registry that cannot be served is a TypeError.
    const isExpected = error instanceof MetricsError || error instanceof TypeError;
    return isExpected ? fail(error.message, log) : crash(error);
  }
}

/** How long a module's `close()` may take. */
const CLOSE_TIMEOUT_MS = 5_000;

async function close({ close }: Exporter, log: ProgramLog): Promise<void> {
  const giveUp = async () => {
    await sleep(CLOSE_TIMEOUT_MS);
    throw new Error(`It takes longer than ${CLOSE_TIMEOUT_MS} ms`);
  };
  try {
    if (close !== undefined) await Promise.race([close(), giveUp()]);
  } catch (error) {
    log.error("The module's close() failed", { err: inspect(error) });
  }
}

/** Ends the process, which the module may keep alive otherwise. */
function fail(message: string, log: ProgramLog): never {
  log.error(message);
  process.exit(1);
}

/**
 * Leaves an error to Node, which ends the process with status 1, and knows better than `error.stack`
 * where in the source it happened: of a syntax error, for one.
 */
function crash(error: unknown): never {
  // The module may have listeners that let the process live, with nothing to do.
  for (const event of FATAL_EVENTS) process.removeAllListeners(event);
  throw error;
}

const FATAL_EVENTS = ["uncaughtException", "unhandledRejection"] as const;

/** Writes an address as exporters do: `[::]:9464`. */
function nameOf(address: AddressInfo | string): string {
  if (typeof address === "string") return address;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}
