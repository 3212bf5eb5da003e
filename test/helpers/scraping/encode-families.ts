import { ChunkMemory } from "../../../src/exposition/chunk-memory.ts";
import type { Encoder } from "../../../src/exposition/encoder.ts";
import type { FaultReporter } from "../../../src/model/gatherer.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";

/** What an encoder gave for some families. */
export interface Encoded {
  readonly body: string;
  /** Each fault as `family: reason`. */
  readonly faults: readonly string[];
}

/** Encodes families to the end. */
export function encodeFamilies(encoder: Encoder, families: readonly MetricFamily[]): Encoded {
  const faults: string[] = [];
  const chunks: Uint8Array[] = [];
  const report: FaultReporter = (family, reason) => faults.push(`${family}: ${reason}`);
  for (const chunk of encodeChunks(encoder, families, report)) chunks.push(Buffer.from(chunk));
  return { body: Buffer.concat(chunks).toString(), faults };
}

/** Encodes families a chunk at a time, each valid until the next, as a scrape does. */
export function* encodeChunks(
  encoder: Encoder,
  families: readonly MetricFamily[],
  report: FaultReporter,
  selection = "",
): Generator<Uint8Array, void, undefined> {
  const memory = new ChunkMemory();
  memory.reuse();
  const chunks = encoder.encode(families, report, { selection, memory });
  try {
    for (let step = chunks.next(); !step.done; step = chunks.next()) {
      yield step.value;
      memory.next();
    }
  } finally {
    memory.clear();
  }
}

/** Joins lines, each with its line feed. */
export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
