/**
 * A server in a thread of its own, as that thread sees it.
 *
 * It is the ordinary server, over gatherers which ask the application (`application-gatherer.ts`) and mirror
 * what it answers. `conversation.ts` keeps the questions, and `patience.ts` says how long an answer is worth
 * waiting for. What only the application can do has a stand-in here (`stand-ins.ts`, `forwarded-probe.ts`).
 * `application.ts` tells how the application does, for metrics, probes of health and the page.
 */
import type { MessagePort } from "node:worker_threads";
import { createLog } from "../../../log.ts";
import type { MaybePromise } from "../../../maybe-promise.ts";
import { nodeModule } from "../../../node.ts";
import type { ResolvedOptions } from "../../../options/options.ts";
import { UpdateLock } from "../../../scrape/update-lock.ts";
import { unref } from "../../../timers.ts";
import { openSecured } from "../../open/open-any.ts";
import type { OpenServer, ServerArguments } from "../../open-server.ts";
import { packError, unpackError } from "../error-parcel.ts";
import { Heartbeat } from "../heartbeat.ts";
import type {
  Anew,
  Answer,
  FromApplication,
  LayoutAhead,
  ThreadPlace,
  ThreadStart,
} from "../messages.ts";
import { createApplication } from "./application.ts";
import { ApplicationGatherer } from "./application-gatherer.ts";
import { Conversation, isReply, KNOCK_MS, type Reply } from "./conversation.ts";
import { forwardProbe } from "./forwarded-probe.ts";
import { createStandInAuthorize, createStandInLogger } from "./stand-ins.ts";

/** Serves what an application has asked for, in the thread that it has started. It never rejects. */
export async function serve(start: ThreadStart): Promise<void> {
  const port = nodeModule("node:worker_threads").parentPort as MessagePort; // This is a thread.
  const gatherers: ApplicationGatherer[] = [];
  const apply = (answer: Answer): Promise<unknown> =>
    (gatherers[answer.source] as ApplicationGatherer).apply(answer).catch(endThread);
  const conversation = new Conversation(port, new Heartbeat(start.heartbeat), apply);
  unref(setInterval(() => conversation.knock(), KNOCK_MS));
  const lock = new UpdateLock();
  const { errorHandling } = start.options;
  const parts = { conversation, lock, errorHandling, maxAgeMs: start.thread.maxAgeMs };
  for (const [source, facts] of start.sources.entries()) {
    gatherers.push(new ApplicationGatherer(facts, source, parts));
  }
  /** Does nothing where no server can be opened: the application is told why. */
  const whenOpen = async (work: (server: OpenServer) => MaybePromise<void>): Promise<void> => {
    const server = await opening.catch(() => undefined);
    try {
      if (server !== undefined) await work(server);
    } catch (error) {
      given.log.error(CANNOT_OBEY, error);
    }
  };
  const onMoved = (): void =>
    void whenOpen((server) => conversation.tell({ type: "place", ...placeOf(server) }));
  const given = argumentsOf(start, conversation, gatherers, lock);
  const opening = openSecured(withGroup(given, onMoved));
  port.on("message", (message: FromApplication) => {
    if (isReply(message)) conversation.receive(message);
    else if (message.type === "layout") gatherers[message.source]?.begin(message);
    else if (message.type === "anew") gatherers[message.source]?.beginAnew();
    else void whenOpen((server) => obey(message, server, conversation));
  });
  try {
    const server = await opening;
    declare(start, server);
    const isTls = server.security?.isTls ?? false;
    conversation.tell({ type: "open", isTls, ...placeOf(server) });
    await server.closed;
    conversation.tell({ type: "closed" });
  } catch (error) {
    conversation.tell({ type: "failed", error: packError(error) });
  }
  // In Deno it has no such method; there, the application ends the thread.
  (port as Partial<MessagePort>).close?.();
}

/** The log line of a message that could not be followed, as when a part of the package cannot be loaded. */
const CANNOT_OBEY = "Cannot apply a message of the application";

/** Ends this thread with an error that is ours: the next one is told everything anew. */
function endThread(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** The arguments of an ordinary server, over what can be asked of the application. */
function argumentsOf(
  start: ThreadStart,
  conversation: Conversation,
  gatherers: readonly ApplicationGatherer[],
  lock: UpdateLock,
): ServerArguments {
  const { target, label, sources, probes } = start;
  const options = optionsOf(start, conversation);
  const log = createLog(options.logger);
  const [main, ...further] = sources.map(({ path }, at) => [path, gatherers[at]] as Served);
  const [, gatherer] = main as Served; // The main path is always served.
  const paths = {
    gatherers: new Map(further),
    probes: new Map(),
    forwarded: probes.map((link) => ({
      link,
      scrape: forwardProbe(link.path, conversation, { options, log }),
    })),
  };
  const hasPaths = further.length + probes.length > 0;
  const byPath = new Map([main as Served, ...further]);
  const application = createApplication(start, conversation.heartbeat, byPath, lock);
  return {
    ...{ gatherer, target, label, options, log, application },
    ...(hasPaths && { paths }),
  };
}

/** Lets the application know where the server of its group is, whenever that changes. */
function withGroup(given: ServerArguments, onMoved: () => void): ServerArguments {
  const { workers } = given.options;
  if (workers === undefined) return given;
  const options = { ...given.options, workers: { ...workers, onJoined: onMoved } };
  return { ...given, options, onMoved };
}

function placeOf({ address, url, role }: OpenServer): ThreadPlace {
  return { address, url, role };
}

type Served = readonly [path: string, gatherer: ApplicationGatherer];

function optionsOf(
  { options, logger, hasAuthorize }: ThreadStart,
  conversation: Conversation,
): ResolvedOptions {
  const authorize = hasAuthorize ? createStandInAuthorize(conversation) : undefined;
  return {
    ...options,
    // The application runs it.
    onScrape: undefined,
    paths: undefined,
    auth: options.auth && { ...options.auth, authorize },
    logger: logger ? createStandInLogger(logger, (line) => conversation.tell(line)) : false,
  };
}

/** Repeats what the application has declared before this thread was there. */
function declare({ declared }: ThreadStart, { controls }: OpenServer): void {
  if (declared.failing !== undefined) controls.setFailing(declared.failing);
  controls.setReady(declared.isReady);
}

/** Does what the application says. */
async function obey(
  message: Exclude<FromApplication, Reply | LayoutAhead | Anew>,
  { controls, security, close }: OpenServer,
  conversation: Conversation,
): Promise<void> {
  switch (message.type) {
    case "failing":
      return controls.setFailing(message.message);
    case "ok":
      return controls.setOk();
    case "ready":
      return controls.setReady(message.isReady);
    case "updated":
      return controls.update(() => {
        if (message.error !== undefined) throw unpackError(message.error);
      }, performance.now() - message.durationMs);
    case "reload":
      await security?.reload();
      return conversation.tell({ type: "reloaded", n: message.n });
    case "close":
      return close();
  }
}
