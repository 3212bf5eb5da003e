import type { GatherContext } from "../../model/gatherer.ts";
import type { Collecting, CollectionResult, ResourceMetrics, ScopeMetrics } from "./collected.ts";

/** The collection of a reader or a producer. */
export interface Run {
  /** Settles with it; never rejects. */
  readonly done: Promise<void>;
  result: CollectionResult | undefined;
  failure: { readonly error: unknown } | undefined;
}

/**
 * Lets a reader or a producer collect. Callbacks time out before the deadline of the gathering: the SDK would
 * wait for one that hangs forever.
 */
export function startCollecting(source: Collecting, context: GatherContext): Run {
  const timeoutMillis = timeoutOf(context);
  const collect = async () => source.collect({ timeoutMillis });
  const done = collect().then(
    (result) => {
      run.result = result;
    },
    (error: unknown) => {
      run.failure = { error };
    },
  );
  const run: Run = { done, result: undefined, failure: undefined };
  return run;
}

/** The scopes of a producer. What it returns is its own matter, so it must not cost those of the reader. */
export function scopesOf({ result }: Run): readonly ScopeMetrics[] {
  const { scopeMetrics }: Partial<ResourceMetrics> = result?.resourceMetrics ?? {};
  return scopeMetrics ?? [];
}

/** What went wrong; `reason` says why it is not over. */
export function errorsOf({ result, failure }: Run, reason: unknown): readonly unknown[] {
  if (failure !== undefined) return [failure.error];
  return result === undefined ? [reason] : (result?.errors ?? []);
}

/** What is left for our own work when callbacks time out, in milliseconds. */
const MARGIN_MS = 50;

/** The longest time that a timer of Node can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function timeoutOf({ deadlineMs }: GatherContext): number {
  return Math.min(Math.max(deadlineMs - Date.now() - MARGIN_MS, 1), MAX_TIMEOUT_MS);
}
