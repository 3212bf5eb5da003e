import { ExpositionError, sampleKey } from "../types.ts";
import { familyOf } from "./families.ts";
import { decodeMessage, type Message } from "./messages.ts";
import { checkFamily } from "./rules.ts";
import { protoToSamples } from "./samples.ts";
import type { ProtoFamily } from "./types.ts";
import { WireReader } from "./wire.ts";

/** How to read an exposition in the protobuf format. */
export interface ProtobufOptions {
  /**
   * Accepts names outside the legacy character set, as `escaping=allow-utf-8` does.
   * @default false
   */
  readonly utf8Names?: boolean;
}

/**
 * Decodes an exposition of length-delimited `io.prometheus.client.MetricFamily` messages, or throws
 * its first fault.
 *
 * Beyond what protobuf itself forbids, it rejects unknown fields, singular fields that repeat,
 * varints longer than need be, and all that some reader of Prometheus' formats cannot digest.
 *
 * @throws {ExpositionError} With the offset and the broken rule.
 */
export function parseProtobuf(body: Uint8Array, options: ProtobufOptions = {}): ProtoFamily[] {
  const { utf8Names = false } = options;
  const reader = new WireReader(body);
  const names = new Set<string>();
  const series = new Set<string>();
  const families: ProtoFamily[] = [];
  while (!reader.isAtEnd) {
    const { place } = reader;
    const family = familyOf(decodeMessage(reader.message(), "MetricFamily"));
    if (names.has(family.name)) {
      throw new ExpositionError(place, `${family.name}: a second family of that name`);
    }
    names.add(family.name);
    checkFamily(family, place, utf8Names);
    for (const sample of protoToSamples([family]).flatMap(({ samples }) => samples)) {
      const key = sampleKey(sample);
      if (series.has(key)) {
        throw new ExpositionError(place, `${sample.name}: a series of two families`);
      }
      series.add(key);
    }
    families.push(family);
  }
  return families;
}

/**
 * Decodes an exposition of delimited `MetricFamily` messages, field by field as they are on the
 * wire: whole numbers are exact, and what is absent is absent.
 *
 * @throws {ExpositionError} Where the bytes are not well-formed, or repeated numbers not packed.
 */
export function decodeFamilies(body: Uint8Array): Message[] {
  const reader = new WireReader(body);
  const families: Message[] = [];
  while (!reader.isAtEnd) {
    families.push(decodeMessage(reader.message(), "MetricFamily", { mustPack: true }));
  }
  return families;
}
