import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { EscapingScheme } from "../model/names.ts";
import type { Format } from "../options/options.ts";
import type { Encoder } from "./encoder.ts";
import { type CreateEncoder, FORMAT_ROWS } from "./formats.ts";
import { MemoryPressure } from "./kept/memory-pressure.ts";
import { PageStore } from "./kept/store.ts";

/** The encoders of all formats, with what they keep between scrapes. */
export interface Encoders {
  /** Gives the encoder of a format, and loads its code on first use. */
  get(format: Format, escaping: EscapingScheme): MaybePromise<Encoder>;
  /** Must be called after each scrape: drops what is kept when memory is short. */
  afterScrape(): void;
  /** Drops what is kept. */
  clear(): void;
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
  const loaded = new Map<unknown, Map<EscapingScheme, MaybePromise<Encoder>>>();
  return {
    get(format, escaping) {
      const { load } = FORMAT_ROWS[format];
      const encoders = loaded.get(load) ?? new Map<EscapingScheme, MaybePromise<Encoder>>();
      loaded.set(load, encoders);
      const known = encoders.get(escaping);
      if (known !== undefined) return known;
      const encoder = andThen(load(), (create: CreateEncoder) => create(escaping, store));
      encoders.set(escaping, encoder);
      // Code that has been loaded is not waited for again; code that cannot be loaded fails its scrape.
      if (encoder instanceof Promise) encoder.then((it) => encoders.set(escaping, it), ignore);
      return encoder;
    },
    afterScrape() {
      if (store.footprint < MIN_WORTH_BYTES && !pressure.isHigh) return;
      const shortage = pressure.look();
      store.isPaused = pressure.isHigh;
      if (shortage === undefined) return;
      store.clear();
      warn(`Dropped the kept bytes of the last scrape: ${shortage}; ${CONSEQUENCE}`);
    },
    clear: () => store.clear(),
  };
}

const CONSEQUENCE = "scrapes cost more CPU until there is memory again";

function ignore(): void {}
