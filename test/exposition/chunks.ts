/** An encoder at work, with how far it has come. */
export interface TestChunks {
  readonly chunks: Generator<Uint8Array, void, undefined>;
  readonly state: { steps: number; isOver: boolean };
}

/** Makes an encoder at work on `steps`; a function is called in its place. */
export function createChunks(steps: readonly (string | (() => void))[]): TestChunks {
  const state = { steps: 0, isOver: false };
  function* run(): Generator<Uint8Array, void, undefined> {
    try {
      for (const step of steps) {
        state.steps++;
        if (typeof step === "string") yield Buffer.from(step);
        else step();
      }
    } finally {
      state.isOver = true;
    }
  }
  return { chunks: run(), state };
}

/** A step that fails. */
export function fail(): never {
  throw new Error("broken");
}

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;
