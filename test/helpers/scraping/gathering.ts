import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import type {
  CollectorError,
  GatherContext,
  Gatherer,
  GatherResult,
  Sources,
} from "../../../src/model/gatherer.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";

/** A gather context that nothing aborts, with what was reported to it. */
export interface TestContext extends GatherContext {
  readonly faults: string[];
}

/** Makes the context of a gathering. */
export function createContext(signal: AbortSignal = new AbortController().signal): TestContext {
  const faults: string[] = [];
  return {
    signal,
    deadlineMs: Date.now() + 60_000,
    faults,
    report: (family, reason) => faults.push(`${family}: ${reason}`),
    isRequested: () => true,
    path: undefined,
    params: {},
  };
}

/** What a scrape in the text format came to. */
export interface Exposition {
  readonly text: string;
  /** What had to be left out, as `family: reason`. */
  readonly faults: readonly string[];
}

/** Makes a function that scrapes `sources` in the text format each time it is called. */
export function createExpose(
  sources: Sources,
  scheme: EscapingScheme = "underscores",
): () => Promise<Exposition> {
  const gatherer = gathererOf(sources);
  const encoder = createTextEncoder(scheme);
  return async () => {
    const context = createContext();
    const families = await gatherAll(gatherer, context);
    const chunks = drain(encoder.encode([...families], context.report));
    return { text: Buffer.concat(chunks).toString(), faults: context.faults };
  };
}

/** Scrapes `sources` once in the text format. */
export async function expose(sources: Sources, scheme?: EscapingScheme): Promise<Exposition> {
  return createExpose(sources, scheme)();
}

/** Gathers, and throws what the first collector threw. */
export async function gatherAll(
  gatherer: Gatherer,
  context: GatherContext = createContext(),
): Promise<GatherResult["families"]> {
  const { families, errors = [] } = await gatherer.gather(context);
  for (const { error } of errors) throw error;
  return families;
}

function drain(chunks: Iterator<Uint8Array>): Uint8Array[] {
  const drained: Uint8Array[] = [];
  for (let step = chunks.next(); !step.done; step = chunks.next()) drained.push(step.value);
  return drained;
}

/** The failures of collectors without the time that they took, which differs from run to run. */
export function withoutDurations(
  errors: readonly CollectorError[] | undefined,
): Omit<CollectorError, "durationMs">[] {
  return (errors ?? []).map(({ collector, error }) => ({ collector, error }));
}
