/**
 * The program `promhttp`: an exporter without a web server.
 *
 * `flags.ts` parses the command line, `load.ts` imports the module and `exporter.ts` finds the
 * registry and the hooks in its exports. The program then listens on every address or on none, and
 * runs until a signal ends it (`signals.ts`).
 *
 * A wrong command line, a module without a registry and an address in use end it with one line and a
 * status. An error of the module itself is passed to Node, which shows its source. All other output
 * is the log on standard error, in the style of the official exporters (`log.ts`).
 *
 * @module
 */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { MetricsError, Server } from "../../index.ts";
import { type Exporter, ExporterError } from "./exporter.ts";
import { UsageError } from "./flags/flag-values.ts";
import { parseCommand, type Settings } from "./flags/flags.ts";
import { HELP, versionLine } from "./flags/help.ts";
import { loadExporter, ownExporter } from "./load.ts";
import { createProgramLog, type ProgramLog, toLogger } from "./log.ts";
import { exitOnSignals } from "./signals.ts";

/**
 * Runs the program `promhttp`.
 *
 * @param args The arguments after its name on the command line.
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    const command = parseCommand(args);
    if (command.kind === "serve") await serve(command.settings);
    else process.stdout.write(command.kind === "help" ? HELP : `${versionLine()}\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = error.message.replace(/[^?]$/, "$&.");
    process.stderr.write(`promhttp: ${message} Try --help\n`);
    process.exitCode = 2;
  }
}

async function serve(settings: Settings): Promise<void> {
  const log = openLog(settings);
  let stop = async () => {};
  let hurry = () => false;
  const onFirst = (signal: string) => {
    log.info("Shutting down", { signal });
    return stop();
  };
  exitOnSignals(onFirst, (signal) => {
    if (!hurry()) return false;
    log.info("Shutting down without a delay", { signal });
    return true;
  });
  const exporter = await load(settings.module, log);
  const servers = await listen(settings, exporter, log);
  let delayEndsAt = 0;
  const closeAll = () => Promise.all(servers.map((server) => server.close()));
  stop = async () => {
    delayEndsAt = performance.now() + settings.shutdownDelayMs;
    await closeAll();
    await close(exporter, log);
  };
  hurry = () => {
    if (performance.now() >= delayEndsAt) return false;
    delayEndsAt = 0;
    // A second `close()` ends the delay.
    void closeAll();
    return true;
  };
  for (const { address, url } of servers) {
    log.info("Listening on", { address: nameOf(address), url });
  }
}

function openLog({ logLevel, logFormat }: Settings): ProgramLog {
  // The reader of the log may close it; an exporter keeps running.
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
    log.error("Cannot load module", { module: module ?? "a client library" });
    return crash(error);
  }
}

/** Listens on every address, or on none. */
async function listen(
  settings: Settings,
  { source, onScrape }: Exporter,
  log: ProgramLog,
): Promise<readonly Server[]> {
  const logger = toLogger(log);
  const { addresses, path, maxRequestsInFlight, maxHeaderBytes, selfMetrics, shutdownDelayMs } =
    settings;
  const limits = { maxRequestsInFlight, maxHeaderBytes, shutdownDelayMs };
  const options = { path, ...limits, selfMetrics, onScrape, logger };
  const servers: Server[] = [];
  try {
    for (const address of addresses) servers.push(await Server.listen(source, address, options));
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    // A registry that cannot be served causes a TypeError.
    const isExpected = error instanceof MetricsError || error instanceof TypeError;
    return isExpected ? fail(error.message, log) : crash(error);
  }
}

/** How long a module's `close()` may take. */
const CLOSE_TIMEOUT_MS = 5_000;

async function close({ close }: Exporter, log: ProgramLog): Promise<void> {
  const timeOut = async () => {
    await sleep(CLOSE_TIMEOUT_MS);
    throw new Error(`It took longer than ${CLOSE_TIMEOUT_MS} ms`);
  };
  try {
    if (close !== undefined) await Promise.race([close(), timeOut()]);
  } catch (error) {
    log.error("The module's close() failed", { err: inspect(error) });
  }
}

/** Exits, because the module may keep the process alive. */
function fail(message: string, log: ProgramLog): never {
  log.error(message);
  process.exit(1);
}

/**
 * Leaves an error to Node, which exits with status 1 and shows more than `error.stack` does: where in
 * the source a syntax error is, for example.
 */
function crash(error: unknown): never {
  // Listeners of the module could keep the process alive with nothing to do.
  for (const event of FATAL_EVENTS) process.removeAllListeners(event);
  throw error;
}

const FATAL_EVENTS = ["uncaughtException", "unhandledRejection"] as const;

/** Formats an address as exporters do: `[::]:9464`. */
function nameOf(address: AddressInfo | string): string {
  if (typeof address === "string") return address;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}
