/** A bound on what one scrape may give. */
export interface BodyLimit {
  /** The size of a body before compression, in bytes. */
  readonly bytes: number;
  /** `"warn"` logs and counts a larger body, `"fail"` fails its scrape. */
  readonly action: "warn" | "fail";
}

/**
 * Passes on the chunks of a body, and notices when they become too many.
 *
 * @param onExceeded Called once, when the limit is passed.
 * @throws {RangeError} When the limit is passed and its action says so.
 */
export function* withinLimit(
  chunks: Iterator<Uint8Array>,
  { bytes, action }: BodyLimit,
  onExceeded: (message: string) => void,
): Generator<Uint8Array, void, undefined> {
  let total = 0;
  let isExceeded = false;
  try {
    for (let step = chunks.next(); !step.done; step = chunks.next()) {
      total += step.value.length;
      if (total > bytes && !isExceeded) {
        isExceeded = true;
        const message = `A scrape gave more than ${bytes} bytes`;
        onExceeded(message);
        if (action === "fail") throw new RangeError(message);
      }
      yield step.value;
    }
  } finally {
    chunks.return?.();
  }
}
