import { styleOf } from "../../../log.ts";
import type { Gatherer } from "../../../model/gatherer.ts";
import { readProcess } from "../../../node.ts";
import { describeAddress, type ListenTarget } from "../../../options/address.ts";
import { parseAddress } from "../../../options/late-rules.ts";
import type { ResolvedOptions, ThreadSettings } from "../../../options/options.ts";
import type { ServerArguments } from "../../open-server.ts";
import type { SentOptions, SourceFacts, ThreadStart } from "../messages.ts";

/** What is the same for each thread that a server has, one after the other. */
export type StartData = Omit<ThreadStart, "declared" | "restarts" | "heartbeat">;

/**
 * Writes down what the thread of a server is to serve, without what cannot be cloned.
 *
 * @throws {TypeError} For an address that no other thread can open.
 */
export function startData(
  { gatherer, paths, target, label, options }: ServerArguments,
  thread: ThreadSettings,
): StartData {
  checkTarget(target);
  if (options.healthAddress !== undefined) checkTarget(parseAddress(options.healthAddress));
  const further = Array.from(paths?.gatherers ?? [], ([path, source]) => factsOf(path, source));
  const probes = Array.from(paths?.probes ?? [], ([path, { modules, params }]) => ({
    path,
    probe: { modules, params },
  }));
  return {
    target,
    label,
    options: sentOptions(options),
    thread,
    sources: [factsOf(options.path, gatherer), ...further],
    probes,
    logger: options.logger === false ? undefined : styleOf(options.logger),
    hasAuthorize: options.auth?.authorize !== undefined,
    process: readProcess(),
  };
}

/** A thread that has ended is started again, and opens its address anew. */
function checkTarget(target: ListenTarget): void {
  if (target.kind === "tcp" || target.kind === "unix") return;
  throw new TypeError(
    `Option "thread" needs an address that a thread can open again, a port or a unix socket, got ${describeAddress(target)}`,
  );
}

function factsOf(path: string, { params, sourceNames, hasCollectors }: Gatherer): SourceFacts {
  return { path, params, sourceNames, ...(hasCollectors !== undefined && { hasCollectors }) };
}

function sentOptions(options: ResolvedOptions): SentOptions {
  const { logger: _logger, onScrape: _hook, paths: _paths, auth, workers, ...others } = options;
  const { authorize: _authorize, ...credentials } = auth ?? {};
  return {
    ...others,
    auth: auth && credentials,
    workers: workers && { ...workers, onJoined: undefined },
  };
}
