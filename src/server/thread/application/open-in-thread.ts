/**
 * A server in a thread of its own, as its application sees it.
 *
 * `start-data.ts` writes down what the thread is to serve, `serving-thread.ts` is one thread, and `kept-thread.ts`
 * starts another whenever one dies. `answers.ts` says what the thread may ask for, and `questions.ts` answers it:
 * `source-reader.ts` runs collectors and sends numbers, `answer-probe.ts` lets probes answer. So this thread runs
 * what the user has written and copies numbers; it encodes nothing and has no socket. Where no thread can be
 * started, the server runs in this one.
 */
import { isInstance } from "../../../errors.ts";
import { showShort } from "../../../log/shown-error.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import { mayListen } from "../../../node.ts";
import { describeAddress, type ListenTarget } from "../../../options/address.ts";
import type { Controls, ThreadSettings } from "../../../options/options.ts";
import { UpdateLock } from "../../../scrape/update-lock.ts";
import { unref } from "../../../timers.ts";
import type { OpenServer, ServerArguments } from "../../open-server.ts";
import { BEAT_MS, Heartbeat } from "../heartbeat.ts";
import type { FromApplication, ThreadPlace } from "../messages.ts";
import { createAnswers } from "./answers.ts";
import { DeclaringControls } from "./controls.ts";
import { KeptThread, NoThreadError, noThread } from "./kept-thread.ts";
import type { Membership } from "./membership.ts";
import { startData } from "./start-data.ts";

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
  // A thread has every permission, even one that its process has not: opened here, the server is refused.
  if (!mayListen()) return openHere(parts);
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
  const file = await findThreadFile();
  const heartbeat = new Heartbeat();
  const lock = new UpdateLock();
  let kept: KeptThread | undefined;
  const post = (message: FromApplication): boolean => kept?.post(message) ?? false;
  const controls = new DeclaringControls({ lock, log, timeoutMs: options.timeoutMs, post });
  const answers = await createAnswers(parts, { status: controls, lock, heartbeat });
  const membership = await join(parts, lock, answers.families);
  heartbeat.beat();
  const beating = unref(setInterval(() => heartbeat.beat(), BEAT_MS));
  const end = async (): Promise<void> => {
    clearInterval(beating);
    answers.close();
    await membership?.leave();
  };
  try {
    kept = await KeptThread.open({
      file,
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
      answer: answers.createAnswerer,
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

/**
 * Finds the file of the thread. What finds it is a part of its own: code that has become CommonJS, as in Jest,
 * cannot say where it is, and could not even be loaded.
 *
 * @throws {NoThreadError} Where it cannot be found.
 */
async function findThreadFile(): Promise<URL> {
  try {
    const { threadFile } = await import("../thread-file.ts");
    return threadFile();
  } catch (error) {
    throw noThread(error);
  }
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
