/**
 * A server in a thread of its own, as its application sees it.
 *
 * `start-data.ts` writes down what the thread is to serve, `serving-thread.ts` is one thread, and `kept-thread.ts`
 * starts another whenever one dies. Whatever the thread asks is answered by `questions.ts`: `source-reader.ts`
 * runs collectors and sends numbers, `answer-probe.ts` lets probes answer. So this thread runs what the user has
 * written and copies numbers; it encodes nothing and has no socket. Where no thread can be started, the server runs
 * in this one.
 */
import type { Probes, ProbesParts } from "../../../endpoint/probes.ts";
import { isInstance } from "../../../errors.ts";
import { showShort } from "../../../log/shown-error.ts";
import { createLog } from "../../../log.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import { describeAddress, type ListenTarget } from "../../../options/address.ts";
import type { Controls, ThreadSettings } from "../../../options/options.ts";
import { withHook } from "../../../scrape/application.ts";
import { UpdateLock } from "../../../scrape/update-lock.ts";
import { unref } from "../../../timers.ts";
import type { OpenServer, ServerArguments } from "../../open-server.ts";
import { BEAT_MS, Heartbeat } from "../heartbeat.ts";
import type { FromApplication, ThreadPlace } from "../messages.ts";
import { DeclaringControls } from "./controls.ts";
import { type Answerer, KeptThread, NoThreadError } from "./kept-thread.ts";
import type { Membership } from "./membership.ts";
import { type Answering, type Post, Questions } from "./questions.ts";
import type { ServedSource } from "./source-reader.ts";
import { startData } from "./start-data.ts";
import { createLineWriter, type LogLine } from "./user-logger.ts";

/** How much longer than it promises a thread may take to close, in milliseconds. */
const CLOSE_MARGIN_MS = 1_000;

/**
 * Opens a server in a thread of its own.
 *
 * @param openHere Opens it in this thread instead, where no other can be started.
 * @throws {ListenError} When the address cannot be listened on.
 * @throws {ConfigError} When a file of the options `webConfigFile`, `tls` or `auth` cannot be used.
 * @throws {TypeError} For an address that no other thread can open, and for options that contradict each other.
 */
export async function openInThread(
  parts: ServerArguments,
  thread: ThreadSettings,
  openHere: (parts: ServerArguments) => Promise<OpenServer>,
): Promise<OpenServer> {
  try {
    return await openThere(parts, thread);
  } catch (error) {
    if (!isInstance(error, NoThreadError)) throw error;
    const reason = showShort(error.cause);
    parts.log.note(
      `Cannot start a thread for the server; it runs in that of the application: ${reason}`,
    );
    return openHere(parts);
  }
}

async function openThere(parts: ServerArguments, thread: ThreadSettings): Promise<OpenServer> {
  const { options, log } = parts;
  const data = startData(parts, thread);
  const heartbeat = new Heartbeat();
  const lock = new UpdateLock();
  let kept: KeptThread | undefined;
  const post = (message: FromApplication): boolean => kept?.post(message) ?? false;
  const controls = new DeclaringControls({ lock, log, timeoutMs: options.timeoutMs, post });
  const probes = await openProbes(parts, { status: controls, lock });
  const membership = await join(parts, lock, furtherFamilies(parts, probes));
  const answering: Answering = {
    sources: sourcesOf(parts, furtherFamilies(parts, probes)),
    probes: probes?.scrapes ?? new Map(),
    authorize: options.auth?.authorize,
    lock,
    heartbeat,
  };
  const write = createLineWriter(options.logger);
  heartbeat.beat();
  const beating = unref(setInterval(() => heartbeat.beat(), BEAT_MS));
  const end = async (): Promise<void> => {
    clearInterval(beating);
    probes?.close();
    await membership?.leave();
  };
  try {
    kept = await KeptThread.open({
      start: (restarts, place) => {
        // The questions of another thread begin anew.
        heartbeat.firstOpen = 0;
        const declared = { failing: controls.failing, isReady: controls.isReady };
        const target = place === undefined ? data.target : targetAgain(data.target, place);
        const label = describeAddress(target);
        const options = { ...data.options, workers: membership?.sent() };
        const memory = heartbeat.memory;
        return { ...data, target, label, options, heartbeat: memory, restarts, declared };
      },
      answer: (postThere) => createAnswerer(answering, postThere, write),
      log,
      mayExit: options.unref,
      delayMs: options.shutdownDelayMs,
      drainMs: options.drainTimeoutMs + CLOSE_MARGIN_MS,
    });
  } catch (error) {
    await end();
    throw error;
  }
  const closed = kept.closed.then(end);
  await membership?.joined;
  return describe(kept, closed, membership?.withDeclared(controls) ?? controls, membership);
}

function createAnswerer(
  answering: Answering,
  post: Post,
  write: (line: LogLine) => void,
): Answerer {
  const questions = new Questions(answering, post);
  return {
    take(message) {
      if (message.type === "log") write(message);
      else questions.take(message);
    },
    close: () => questions.close(),
  };
}

/** Joins the groups of the server before its thread does; `undefined` without the option `workers`. */
async function join(
  parts: ServerArguments,
  lock: UpdateLock,
  families: readonly MetricFamily[],
): Promise<Membership | undefined> {
  const { workers } = parts.options;
  if (workers === undefined) return undefined;
  const { joinGroups } = await import("./membership.ts");
  return joinGroups(parts, workers, lock, families);
}

function describe(
  kept: KeptThread,
  closed: Promise<void>,
  controls: Controls,
  membership: Membership | undefined,
): OpenServer {
  const place = () => membership?.placeOf(kept) ?? kept.place;
  return {
    get role() {
      return place().role;
    },
    get address() {
      return place().address;
    },
    get url() {
      return place().url;
    },
    closed,
    controls,
    security: { isTls: kept.isTls, reload: () => kept.reload() },
    async close() {
      await kept.close();
      await closed;
    },
  };
}

/**
 * The address of a thread that follows another: a port that the system has chosen stays. In a group it is that of
 * the hub, and the address as it was written tells which group it is.
 */
function targetAgain(target: ListenTarget, { address, role }: ThreadPlace): ListenTarget {
  return role === "alone" && target.kind === "tcp" && typeof address !== "string"
    ? { ...target, port: address.port }
    : target;
}

/** What each path serves, in the order of `ThreadStart.sources`. */
function sourcesOf(
  { gatherer, paths, options }: ServerArguments,
  families: readonly MetricFamily[],
): readonly ServedSource[] {
  const { errorHandling, onScrape, timeoutMs } = options;
  const served = [[options.path, gatherer] as const, ...(paths?.gatherers ?? [])];
  return served.map(([path, source], index) => ({
    path,
    gatherer: onScrape === undefined ? source : withHook(source, onScrape),
    errorHandling,
    timeoutMs,
    furtherFamilies: index === 0 ? families : [],
  }));
}

/** What is counted in this thread, and served at the main path. */
function furtherFamilies(
  { options }: ServerArguments,
  probes: Probes | undefined,
): readonly MetricFamily[] {
  return options.selfMetrics ? (probes?.families ?? []) : [];
}

/** Makes what answers at the paths of probes; `undefined` where there is none. */
async function openProbes(
  { paths, options }: ServerArguments,
  context: Pick<ProbesParts, "status" | "lock">,
): Promise<Probes | undefined> {
  if (paths === undefined || paths.probes.size === 0) return undefined;
  const { createProbes } = await import("../../../endpoint/probes.ts");
  const { logAt } = await import("../../../endpoint/endpoints.ts");
  const logOf = (path: string) => logAt(path, createLog(options.logger));
  return createProbes(paths.probes, { options, logAt: logOf, ...context });
}
