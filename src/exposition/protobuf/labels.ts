import type { Labels } from "../../model/metric-family.ts";
import { type EscapingScheme, isLegacyLabelName } from "../../model/names.ts";
import { isReservedLabel, MAX_KNOWN_NAMES, normalLabelPairs } from "../label-pairs.ts";
import { LABEL_PAIR, METRIC } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

/** Writes labels as the `LabelPair`s of a `Metric` or an `Exemplar`: both have the same tag. */
export type LabelWriter = (labels: Labels, writer: ProtobufWriter) => void;

/**
 * Makes the label writer of one escaping scheme, which skips what `normalLabelPairs()` skips.
 *
 * @param reserved The label that the scraper adds itself: `le` or `quantile`.
 */
export function createLabelWriter(scheme: EscapingScheme, reserved?: string): LabelWriter {
  /** For names that need no escaping, whether they are written at all. */
  const legacyNames = new Map<string, boolean>();

  // Hot path: all labels of all metrics pass here; `npm run bench` measures it.
  const write: LabelWriter = (labels, writer) => {
    const start = writer.length;
    for (const name of Object.keys(labels)) {
      const value = labels[name];
      if (value === undefined || value === null || value === "") continue;
      const isWritten = legacyNames.get(name);
      if (isWritten === undefined) {
        writer.truncate(start);
        writeWithCare(labels, writer);
        return;
      }
      if (!isWritten) continue;
      const text = typeof value === "string" ? value : String(value);
      if (text !== "") writePair(name, text, writer);
    }
  };

  /** The same for names that are new or not of the legacy charset. */
  const writeWithCare: LabelWriter = (labels, writer) => {
    for (const name of Object.keys(labels)) {
      const isReserved = isReservedLabel(name, reserved);
      if (!isReserved && !isLegacyLabelName(name)) continue;
      if (legacyNames.size >= MAX_KNOWN_NAMES) legacyNames.clear();
      legacyNames.set(name, !isReserved);
    }
    for (const [name, text] of normalLabelPairs(labels, scheme, reserved)) {
      writePair(name, text, writer);
    }
  };

  return write;
}

function writePair(name: string, text: string, writer: ProtobufWriter): void {
  const start = writer.open(METRIC.label);
  writer.string(LABEL_PAIR.name, name);
  writer.string(LABEL_PAIR.value, text);
  writer.close(start);
}
