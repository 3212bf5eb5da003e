import type { Encoder } from "../encoders/encoder.ts";
import { PageStore } from "../encoders/page-store.ts";
import { createTextEncoder } from "../encoders/text.ts";
import type { EscapingScheme } from "../model/names.ts";
import type { Format } from "../negotiation/format.ts";

/** The encoders of all formats, with what they keep between scrapes. */
export interface Encoders {
  (format: Format, escaping: EscapingScheme): Promise<Encoder>;
  /** Drops what is kept. */
  forget(): void;
}

/**
 * Makes the encoders of all formats, each when it is first asked for: a process that is scraped as
 * text never loads the code of the others.
 *
 * @param maxKeptBytes How many bytes they may keep between scrapes, all together.
 */
export function createEncoders(maxKeptBytes: number): Encoders {
  const store = new PageStore(maxKeptBytes);
  const encoders = new Map<string, Promise<Encoder>>();
  const encoderOf = (format: Format, escaping: EscapingScheme) => {
    // The two versions of a text format have the same body.
    const family = format.replace(/-.*/, "");
    const key = `${family} ${escaping}`;
    let encoder = encoders.get(key);
    if (encoder === undefined) {
      encoder = createEncoder(format, escaping, store);
      encoders.set(key, encoder);
    }
    return encoder;
  };
  return Object.assign(encoderOf, { forget: () => store.clear() });
}

async function createEncoder(
  format: Format,
  escaping: EscapingScheme,
  store: PageStore,
): Promise<Encoder> {
  switch (format) {
    case "text-0.0.4":
    case "text-1.0.0":
      return createTextEncoder(escaping, store);
    case "openmetrics-0.0.1":
    case "openmetrics-1.0.0": {
      const { createOpenMetricsEncoder } = await import("../encoders/openmetrics.ts");
      return createOpenMetricsEncoder(escaping, store);
    }
    case "protobuf": {
      const { createProtobufEncoder } = await import("../encoders/protobuf.ts");
      return createProtobufEncoder(escaping);
    }
  }
}
