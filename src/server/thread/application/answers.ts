import type { Probes, ProbesParts } from "../../../endpoint/probes.ts";
import { createLog } from "../../../log.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import { withHook } from "../../../scrape/application.ts";
import type { ServerArguments } from "../../open-server.ts";
import type { Heartbeat } from "../heartbeat.ts";
import type { Answerer } from "./kept-thread.ts";
import { type Answering, type Post, Questions } from "./questions.ts";
import type { ServedSource } from "./source-reader.ts";
import { createLineWriter } from "./user-logger.ts";

/** What the threads of a server, one after the other, are answered with. */
export interface Answers {
  /** What is counted in this thread, and served at the main path. */
  readonly families: readonly MetricFamily[];
  /** Makes what answers one of them. */
  readonly createAnswerer: (post: Post) => Answerer;
  /** Ends the probes that are under way. */
  close(): void;
}

/** Makes what answers for the sources, the probes and the functions of a server. */
export async function createAnswers(
  parts: ServerArguments,
  context: Pick<ProbesParts, "status"> &
    Pick<Answering, "lock"> & { readonly heartbeat: Heartbeat },
): Promise<Answers> {
  const { status, lock, heartbeat } = context;
  const { options } = parts;
  const probes = await openProbes(parts, { status, lock });
  const families = options.selfMetrics ? (probes?.families ?? []) : [];
  const answering: Answering = {
    sources: sourcesOf(parts, families),
    probes: probes?.scrapes ?? new Map(),
    authorize: options.auth?.authorize,
    lock,
    heartbeat,
  };
  const write = createLineWriter(options.logger);
  return {
    families,
    createAnswerer(post) {
      const questions = new Questions(answering, post);
      return {
        take(message) {
          if (message.type === "log") write(message);
          else questions.take(message);
        },
        close: () => questions.close(),
      };
    },
    close: () => probes?.close(),
  };
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
