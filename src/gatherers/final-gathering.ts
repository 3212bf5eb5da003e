import { OVER } from "../abort.ts";
import { isThenable } from "../maybe-promise.ts";
import type { GatherContext, Gatherer } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";

type IsCounted = NonNullable<GatherContext["isCounted"]>;

/** How long a worker that leaves waits for what cannot be read at once, in milliseconds. */
const MAX_WAIT_MS = 1_000;

/** Returns the families as they are now, without collectors and without waiting. It never throws. */
export function gatherNow(gatherer: Gatherer, isCounted: IsCounted): readonly MetricFamily[] {
  try {
    const { signal } = new AbortController();
    const result = gatherer.gather(contextOf({ isCounted, signal, deadlineMs: Date.now() }));
    if (!isThenable(result)) return [...result.families];
    // Nobody waits for it.
    result.then(undefined, () => {});
    return [];
  } catch {
    return [];
  }
}

/**
 * Reads once more what cannot be read at once, without collectors. It waits for a second at most.
 *
 * @returns What has been read by then, which never rejects; `undefined` where there is nothing to wait for.
 */
export function gatherLast(
  gatherer: Gatherer,
  isCounted: IsCounted,
): Promise<readonly MetricFamily[]> | undefined {
  const controller = new AbortController();
  const { signal } = controller;
  const deadlineMs = Date.now() + MAX_WAIT_MS;
  try {
    const result = gatherer.gather({
      ...contextOf({ isCounted, signal, deadlineMs }),
      mayWait: true,
    });
    if (!isThenable(result)) return undefined;
    // It keeps the process alive: whoever awaits the result, at the top level of a module too, must get one.
    const timer = setTimeout(() => controller.abort(OVER), MAX_WAIT_MS);
    return settled(result).finally(() => clearTimeout(timer));
  } catch {
    return undefined;
  }
}

async function settled(
  result: PromiseLike<Awaited<ReturnType<Gatherer["gather"]>>>,
): Promise<readonly MetricFamily[]> {
  try {
    return [...(await result).families];
  } catch {
    return [];
  }
}

function contextOf(own: Pick<GatherContext, "isCounted" | "signal" | "deadlineMs">): GatherContext {
  return {
    ...own,
    isRequested: () => true,
    path: undefined,
    params: {},
    report: () => {},
    isFinal: true,
  };
}
