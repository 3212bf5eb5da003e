import { createProtobufEncoder } from "../../../src/exposition/protobuf/protobuf.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";
import { decodeFamilies, type Message } from "../../judge/index.ts";

/** What the encoder gave for some families. */
export interface Encoded {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: Buffer;
  /** Each fault as `family: reason`. */
  readonly faults: readonly string[];
}

/** Encodes families to the end. */
export function encode(
  families: readonly MetricFamily[],
  scheme: EscapingScheme = "underscores",
): Encoded {
  const faults: string[] = [];
  const chunks: Uint8Array[] = [];
  const encoder = createProtobufEncoder(scheme);
  const steps = encoder.encode(families, (family, reason) => faults.push(`${family}: ${reason}`));
  for (let step = steps.next(); step.done !== true; step = steps.next()) chunks.push(step.value);
  return { chunks, bytes: Buffer.concat(chunks), faults };
}

/** The one family that `family` decodes to again. */
export function encodedFamily(family: MetricFamily, scheme?: EscapingScheme): Message {
  const [decoded, ...others] = decodeFamilies(encode([family], scheme).bytes);
  if (decoded === undefined || others.length > 0) throw new Error("not one family");
  return decoded;
}

/** The metrics that `family` decodes to again; none if it is skipped. */
export function encodedMetrics(family: MetricFamily, scheme?: EscapingScheme): Message[] {
  const decoded = decodeFamilies(encode([family], scheme).bytes);
  return decoded.flatMap((message) => message.metric ?? []);
}
