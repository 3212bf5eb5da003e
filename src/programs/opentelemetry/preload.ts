/**
 * The preload `promhttp/opentelemetry/register`: replaces the server that
 * `@opentelemetry/exporter-prometheus` would open with ours.
 *
 * Runs before OpenTelemetry is loaded. It decides whether this process may have an exporter (`role.ts`),
 * finds every file by which the SDK and the application come by its class (`exporter-files.ts`), loads each,
 * and replaces three methods of the class (`take-over.ts`). An exporter that is made later has read its own
 * options when its constructor calls the first of them: `settings.ts` reads them back, and ours serves at
 * the same address, with the same names. Our server is loaded only then (`serve.ts`).
 *
 * It must not be noticed: it never throws, writes nothing to standard output, and keeps no process alive.
 * What it cannot replace is left as it is, and serves itself; where the environment says who may connect and
 * ask, it serves nothing.
 *
 * @module
 */
import { join } from "node:path";
import { debuglog } from "node:util";
import { isMainThread } from "node:worker_threads";
import { isPackageManager, mainScript } from "../main-script.ts";
import { messageOf, warn } from "../standard-error.ts";
import { EXPORTER, findExporterFiles } from "./exporter-files.ts";
import { replace } from "./replacement.ts";
import { type Circumstances, isExplicit, preloadedFiles, reasonNotToLoad } from "./role.ts";
import { isGuarded, strategyIn } from "./settings.ts";
import { disarm, takeOver } from "./take-over.ts";

const debug = debuglog("promhttp");

/** Replaces the server of every exporter of this process, if it may have one. */
export function preload(): void {
  const { env, execArgv } = process;
  try {
    const reason = reasonNotToLoad({ env, execArgv });
    if (reason === undefined) takePart({ env, execArgv });
    else debug("Not replacing the server of %s: %s", EXPORTER, reason);
  } catch (error) {
    say(`Cannot replace the server of ${EXPORTER}: ${messageOf(error)}`);
  }
}

function takePart(circumstances: Circumstances): void {
  const { env } = circumstances;
  const strategy = () => strategyIn(env);
  // What is wrong with it leaves the exporter as it is, unless that would serve everybody.
  if (!isGuarded(env)) strategy();
  const main = mainScript(process.argv[1], env["pm_exec_path"]);
  const starts = [
    main ?? [],
    join(process.cwd(), "[preload]"),
    preloadedFiles(circumstances),
    // pnpm puts beside us what only a dependency of the application can import.
    import.meta.filename,
  ].flat();
  const files = findExporterFiles(starts);
  if (files.length === 0) {
    // With `NODE_OPTIONS`, most processes have none.
    const tell = isExplicit(circumstances) ? say : debug;
    tell(`Cannot find ${EXPORTER}`);
    return;
  }
  if (hasMeterProvider()) say(LATE);
  // The port belongs to the application that a package manager starts.
  const hasPort = main === undefined || !isPackageManager(main);
  // Before anything else can replace it.
  const { getBuiltinModule } = process;
  for (const { path, version } of files) {
    try {
      takeOver(path, (exporter, own) => {
        const methods = replace(exporter, own, { version, strategy, say, getBuiltinModule });
        return hasPort ? methods : { ...methods, startServer: async () => {} };
      });
    } catch (error) {
      say(`Cannot replace the server of ${path}: ${messageOf(error)}`);
      if (isGuarded(env)) keepFromServing(path);
    }
  }
}

/** Its own server would let everybody in. */
function keepFromServing(path: string): void {
  try {
    disarm(path);
  } catch (error) {
    debug("There is no exporter of %s: %s", path, messageOf(error));
  }
}

const LATE =
  "OpenTelemetry was started before promhttp/opentelemetry/register, so its exporter may serve itself: load it first";

/** Whether OpenTelemetry has been started. Any copy of its API, of version 1, has the provider there. */
function hasMeterProvider(): boolean {
  // Cast: the symbol is not declared.
  const { [API]: api } = globalThis as { [API]?: { metrics?: unknown } };
  return api?.metrics !== undefined;
}

const API = Symbol.for("opentelemetry.js.api.1");

/** The main thread says it for all threads, which may come and go. */
function say(line: string): void {
  if (isMainThread) warn(`promhttp: ${line}`);
  else debug(line);
}
