import type { Signal } from "../abort.ts";
import { inSlices } from "./slices.ts";
import type { Reader, UpdateLock } from "./update-lock.ts";

/**
 * Walks over families in slices of the event loop, while no update runs. An update that comes meanwhile waits for
 * its end.
 *
 * @throws The signal's reason, when it aborts before the walk begins; what the walk throws.
 */
export async function walkLocked<T>(
  lock: UpdateLock,
  signal: Signal,
  start: () => Iterator<unknown, T, undefined>,
): Promise<T> {
  const walk = new Walk(start);
  await lock.enter(walk, signal);
  try {
    return await walk.run();
  } finally {
    lock.leave(walk);
  }
}

/** One walk over the families, which an update waits for. */
class Walk<T> implements Reader {
  readonly #start: () => Iterator<unknown, T, undefined>;
  #running: Promise<T> | undefined;

  constructor(start: () => Iterator<unknown, T, undefined>) {
    this.#start = start;
  }

  run(): Promise<T> {
    this.#running ??= inSlices(this.#start());
    return this.#running;
  }

  async finish(): Promise<void> {
    await this.run().catch(() => {});
  }
}
