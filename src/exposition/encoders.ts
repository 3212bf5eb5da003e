import { andThen, isPromise, type MaybePromise } from "../maybe-promise.ts";
import type { EscapingScheme } from "../model/names.ts";
import type { Format } from "../options/options.ts";
import type { Encoder } from "./encoder.ts";
import { type CreateEncoder, FORMAT_ROWS } from "./formats.ts";
import type { BlockStore } from "./kept/store.ts";

/** The encoders of all formats, with what they keep between scrapes. */
export interface Encoders {
  /** Returns the encoder of a format; loads its code on first use. */
  get(format: Format, escaping: EscapingScheme): MaybePromise<Encoder>;
}

/**
 * Makes the encoders of all formats, each on first use: a process that is scraped as text never loads
 * the code of the others. Formats with the same body share one for each escaping scheme.
 *
 * @param store Keeps what they encode between scrapes, within its budget for all of them together.
 */
export function createEncoders(store: BlockStore): Encoders {
  /** By what loads their code. */
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
      if (isPromise(encoder)) {
        const ignore = () => {};
        encoder.then((created) => encoders.set(escaping, created), ignore);
      }
      return encoder;
    },
  };
}
