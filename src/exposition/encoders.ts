import type { MaybePromise } from "../maybe-promise.ts";
import type { EscapingScheme } from "../model/names.ts";
import type { Format } from "../options/options.ts";
import type { Encoder } from "./encoder.ts";
import { MemoryPressure } from "./kept/memory-pressure.ts";
import { PageStore } from "./kept/store.ts";
import { createTextEncoder } from "./text/text.ts";

/** The encoders of all formats, with what they keep between scrapes. */
export interface Encoders {
  (format: Format, escaping: EscapingScheme): MaybePromise<Encoder>;
  /** Drops what is kept when memory is short. To be called after each scrape. */
  afterScrape(): void;
  /** Drops what is kept. */
  forget(): void;
}

/** What encoders work with. */
export interface EncodersContext {
  /** Logs why scrapes cost more from now on. */
  readonly warn?: (message: string) => void;
  /** Tells when memory is short. */
  readonly pressure?: MemoryPressure;
}

/**
 * What is worth a look at the memory of the process, in bytes: the pages of some 35,000 lines, whose
 * scrape takes 10 ms. A look takes 0.13 ms with cold caches, and a smaller scrape pays nothing.
 */
const MIN_WORTH_BYTES = 4 * 1_024 * 1_024;

/**
 * Makes the encoders of all formats, each when it is first asked for: a process that is scraped as
 * text never loads the code of the others.
 *
 * @param maxKeptBytes How many bytes they may keep between scrapes, all together.
 */
export function createEncoders(
  maxKeptBytes: number,
  { warn = () => {}, pressure = new MemoryPressure() }: EncodersContext = {},
): Encoders {
  const store = new PageStore(maxKeptBytes);
  const encoders = new Map<string, MaybePromise<Encoder>>();
  const encoderOf = (format: Format, escaping: EscapingScheme) => {
    const key = `${ENCODER_OF[format]} ${escaping}`;
    let encoder = encoders.get(key);
    if (encoder === undefined) {
      encoder = createEncoder(ENCODER_OF[format], escaping, store);
      encoders.set(key, encoder);
      // What has been loaded is not waited for again. What cannot be loaded fails its scrape alone.
      if (encoder instanceof Promise) {
        encoder.then(
          (loaded) => encoders.set(key, loaded),
          () => {},
        );
      }
    }
    return encoder;
  };
  return Object.assign(encoderOf, {
    afterScrape() {
      if (store.footprint < MIN_WORTH_BYTES && !pressure.isHigh) return;
      const shortage = pressure.look();
      store.isPaused = pressure.isHigh;
      if (shortage === undefined) return;
      store.clear();
      warn(`Dropped the kept bytes of the last scrape: ${shortage}; ${CONSEQUENCE}`);
    },
    forget: () => store.clear(),
  });
}

const CONSEQUENCE = "scrapes cost more CPU until there is memory again";

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
  const { createOpenMetricsEncoder } = await import("./text/openmetrics.ts");
  return createOpenMetricsEncoder(escaping, store);
}

async function loadProtobufEncoder(escaping: EscapingScheme): Promise<Encoder> {
  const { createProtobufEncoder } = await import("./protobuf/protobuf.ts");
  return createProtobufEncoder(escaping);
}
