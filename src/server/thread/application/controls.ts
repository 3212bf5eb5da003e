import type { Log } from "../../../log.ts";
import type { Controls } from "../../../options/options.ts";
import { UPDATE_FAILED } from "../../../scrape/application.ts";
import type { UpdateLock } from "../../../scrape/update-lock.ts";
import { packError } from "../error-parcel.ts";
import type { Declared, FromApplication } from "../messages.ts";

/** What the controls of a server in a thread need. */
export interface ControlsParts {
  readonly lock: UpdateLock;
  readonly log: Log;
  /** How long an update may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Tells the thread something. Returns whether there is one. */
  readonly post: (message: FromApplication) => boolean;
}

/** What an application has declared, for each thread that is started. */
export class DeclaringControls implements Controls, Declared {
  failing: string | undefined;
  isReady = true;
  readonly #parts: ControlsParts;

  constructor(parts: ControlsParts) {
    this.#parts = parts;
  }

  /** Whether the application has declared that its metrics cannot be trusted. */
  get isFailing(): boolean {
    return this.failing !== undefined;
  }

  /** The update runs here, and its outcome is counted and logged where scrapes are. */
  async update(work: () => unknown): Promise<void> {
    const { lock, log, timeoutMs, post } = this.#parts;
    const startedAt = performance.now();
    let failure: { readonly error: unknown } | undefined;
    try {
      await lock.update(work, timeoutMs);
    } catch (error) {
      failure = { error };
    }
    const durationMs = performance.now() - startedAt;
    const isTold = post({
      type: "updated",
      durationMs,
      ...(failure && { error: packError(failure.error) }),
    });
    if (!isTold && failure !== undefined) log.error(UPDATE_FAILED, failure.error);
  }

  setFailing(message = "no reason given"): void {
    this.failing = message;
    this.#parts.post({ type: "failing", message });
  }

  setOk(): void {
    this.failing = undefined;
    this.#parts.post({ type: "ok" });
  }

  setReady(isReady: boolean): void {
    this.isReady = isReady;
    this.#parts.post({ type: "ready", isReady });
  }
}
