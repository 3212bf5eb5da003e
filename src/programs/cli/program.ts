/**
 * The program `promhttp`: an exporter without a web server.
 *
 * `flags/flags.ts` parses the command line, as far as it is ours. `load.ts` imports the module,
 * `flags/read-flags.ts` reads the flags that it declares, and `exporter.ts` finds in its exports what is
 * served. The program then listens on every address or on none (`servers.ts`), and runs until a signal ends
 * it (`signals.ts`). With `--web.config.check` it only reads what a server would read, and
 * with `--init` it writes an exporter to start from (`init.ts`).
 *
 * A wrong command line, a module with nothing to serve, a file that cannot be honoured and an address in use
 * end it with one line and a status. An error of the module itself is passed to Node, which shows its
 * source. All other output is the log on standard error, in the style of the official exporters (`log.ts`).
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { crash, ExporterError, fail } from "./exit.ts";
import { UsageError } from "./flags/command-line.ts";
import { parseCommand, type Settings } from "./flags/flags.ts";
import { HELP, versionLine } from "./flags/help.ts";
import { type InitCommand, parseInit } from "./flags/init-flag.ts";
import { moduleHelp } from "./flags/module-help.ts";
import { type LoadedExporter, loadExporter, loadFlags, ownExporter } from "./load.ts";
import { createProgramLog, type ProgramLog } from "./log.ts";
import { openNotifier } from "./notify.ts";
import { checkFiles, listen } from "./servers.ts";
import { exitOnSignals, reloadOnHangup } from "./signals.ts";

/**
 * Runs the program `promhttp`.
 *
 * @param args The arguments after its name on the command line.
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    const init = parseInit(args);
    if (init !== undefined) return await start(init);
    const command = parseCommand(args);
    if (command.kind === "serve") await serve(command.settings);
    else if (command.kind === "check")
      await checkFiles(command.settings, openLog(command.settings));
    else if (command.kind === "help") await showHelp(command.module);
    else process.stdout.write(`${versionLine()}\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = error.message.replace(/[^?]$/, "$&.");
    process.stderr.write(`promhttp: ${message} Try --help\n`);
    // A module may keep the process alive.
    process.exit(2);
  }
}

/** Shows the help at once: a module that is named can be broken, or slow. */
async function showHelp(module: string | undefined): Promise<void> {
  ignoreLostReader();
  process.stdout.write(HELP);
  if (module === undefined) return;
  const log = openLog({ logLevel: "info", logFormat: "logfmt" });
  const flags = await tryToLoad(module, log, () => loadFlags({ module, folder: process.cwd() }));
  process.stdout.write(moduleHelp(module, flags), () => process.exit(0));
}

/** Who reads the standard output may stop early, as `head` does. */
function ignoreLostReader(): void {
  process.stdout.on("error", () => {});
}

/** Writes an exporter to start from. */
async function start(command: InitCommand): Promise<void> {
  const { writeExporter } = await import("./init.ts");
  ignoreLostReader();
  try {
    writeExporter(command, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`promhttp: Cannot write an exporter: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function serve(settings: Settings): Promise<void> {
  const log = openLog(settings);
  const notifier = openNotifier(process.env, log);
  let stop = async () => {};
  let hurry = () => false;
  const onFirst = (signal: string) => {
    log.info("Shutting down", { signal });
    notifier.stopping();
    return stop();
  };
  exitOnSignals(onFirst, (signal) => {
    if (!hurry()) return false;
    log.info("Shutting down without a delay", { signal });
    return true;
  });
  let reload = async () => {};
  if (hasFiles(settings)) {
    reloadOnHangup((signal) => {
      log.info("Reading files again", { signal });
      return reload();
    });
  }
  const exporter = await load(settings, log);
  const servers = await listen(settings, exporter, log);
  reload = async () => void (await Promise.all(servers.map((server) => server.reload())));
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
  notifier.ready();
}

/** Whether there are files that a server reads again. */
function hasFiles({ security: { webConfigFile, auth } }: Settings): boolean {
  return webConfigFile !== undefined || auth !== undefined;
}

function openLog({ logLevel, logFormat }: Pick<Settings, "logLevel" | "logFormat">): ProgramLog {
  // The reader of the log may close it; an exporter keeps running.
  process.stderr.on("error", () => {});
  return createProgramLog(logLevel, logFormat, (line) => process.stderr.write(`${line}\n`));
}

function load({ module, moduleFlags: args }: Settings, log: ProgramLog): Promise<LoadedExporter> {
  const folder = process.cwd();
  return tryToLoad(module ?? "a client library", log, () => {
    if (module !== undefined) return loadExporter({ module, folder, args, env: process.env });
    const exporter = ownExporter(folder);
    log.info("Serving the metrics of this process. To serve others: promhttp ./my-exporter.mjs");
    return exporter;
  });
}

/** Ends the program if a module cannot be loaded. */
async function tryToLoad<T>(
  module: string,
  log: ProgramLog,
  load: () => T | Promise<T>,
): Promise<T> {
  const onIdle = () =>
    fail(`Module "${module}" never settles: it waits for what cannot happen any more`, log);
  // Node would end the process without a word.
  process.once("beforeExit", onIdle);
  try {
    return await load();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof ExporterError) return fail(error.message, log);
    log.error("Cannot load module", { module });
    return crash(error);
  } finally {
    process.off("beforeExit", onIdle);
  }
}

/** How long a module's `close()` may take. */
const CLOSE_TIMEOUT_MS = 5_000;

async function close({ close }: LoadedExporter, log: ProgramLog): Promise<void> {
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
