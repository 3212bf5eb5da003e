import type { Encoder } from "../encoders/encoder.ts";
import { createTextEncoder } from "../encoders/text.ts";
import type { EscapingScheme } from "../model/names.ts";
import type { Format } from "../negotiation/format.ts";

/**
 * Makes the encoders of all formats, each when it is first asked for: a process that is scraped as
 * text never loads the code of the others.
 */
export function createEncoders(): (format: Format, escaping: EscapingScheme) => Promise<Encoder> {
  const encoders = new Map<string, Promise<Encoder>>();
  return (format, escaping) => {
    // The two versions of a text format have the same body.
    const family = format.split("-", 1)[0] ?? format;
    const key = `${family} ${escaping}`;
    let encoder = encoders.get(key);
    if (encoder === undefined) {
      encoder = createEncoder(format, escaping);
      encoders.set(key, encoder);
    }
    return encoder;
  };
}

async function createEncoder(format: Format, escaping: EscapingScheme): Promise<Encoder> {
  switch (format) {
    case "text-0.0.4":
    case "text-1.0.0":
      return createTextEncoder(escaping);
    case "openmetrics-0.0.1":
    case "openmetrics-1.0.0": {
      const { createOpenMetricsEncoder } = await import("../encoders/openmetrics.ts");
      return createOpenMetricsEncoder(escaping);
    }
    case "protobuf": {
      const { createProtobufEncoder } = await import("../encoders/protobuf.ts");
      return createProtobufEncoder(escaping);
    }
  }
}
