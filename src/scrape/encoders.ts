import type { Encoder } from "../encoders/encoder.ts";
import { PageStore } from "../encoders/page-store.ts";
import { createTextEncoder } from "../encoders/text.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { EscapingScheme } from "../model/names.ts";
import type { Format } from "../negotiation/format.ts";

/** The encoders of all formats, with what they keep between scrapes. */
export interface Encoders {
  (format: Format, escaping: EscapingScheme): MaybePromise<Encoder>;
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
  const encoders = new Map<string, MaybePromise<Encoder>>();
  const encoderOf = (format: Format, escaping: EscapingScheme) => {
    const key = `${ENCODER_OF[format]} ${escaping}`;
    let encoder = encoders.get(key);
    if (encoder === undefined) {
      encoder = createEncoder(ENCODER_OF[format], escaping, store);
      encoders.set(key, encoder);
      // What has been loaded is not waited for again.
      void andThen(encoder, (loaded) => encoders.set(key, loaded));
    }
    return encoder;
  };
  return Object.assign(encoderOf, { forget: () => store.clear() });
}

type EncoderName = "text" | "openmetrics" | "protobuf";

/** The two versions of a text format have the same body. */
const ENCODER_OF: Readonly<Record<Format, EncoderName>> = {
  "text-0.0.4": "text",
  "text-1.0.0": "text",
  "openmetrics-0.0.1": "openmetrics",
  "openmetrics-1.0.0": "openmetrics",
  protobuf: "protobuf",
};

function createEncoder(
  name: EncoderName,
  escaping: EscapingScheme,
  store: PageStore,
): MaybePromise<Encoder> {
  switch (name) {
    case "text":
      return createTextEncoder(escaping, store);
    case "openmetrics":
      return loadOpenMetricsEncoder(escaping, store);
    case "protobuf":
      return loadProtobufEncoder(escaping);
  }
}

async function loadOpenMetricsEncoder(
  escaping: EscapingScheme,
  store: PageStore,
): Promise<Encoder> {
  const { createOpenMetricsEncoder } = await import("../encoders/openmetrics.ts");
  return createOpenMetricsEncoder(escaping, store);
}

async function loadProtobufEncoder(escaping: EscapingScheme): Promise<Encoder> {
  const { createProtobufEncoder } = await import("../encoders/protobuf.ts");
  return createProtobufEncoder(escaping);
}
