import type { Encoder } from "../../src/encoders/encoder.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";

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
  const steps = encoder.encode(families, (family, reason) => faults.push(`${family}: ${reason}`));
  for (let step = steps.next(); step.done !== true; step = steps.next())
    chunks.push(Buffer.from(step.value));
  return { body: Buffer.concat(chunks).toString(), faults };
}

/** Joins lines, each with its line feed. */
export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
