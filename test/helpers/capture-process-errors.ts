import assert from "node:assert/strict";
import { turns } from "./turns.ts";

/** The errors that reach the process while a test runs. */
export interface ProcessErrors {
  /** Stops to listen, and fails when there was one. */
  assertNone(): Promise<void>;
  /** Stops to listen. */
  stop(): void;
}

/** Collects what no library may let out: uncaught errors, unhandled rejections and warnings. */
export function captureProcessErrors(): ProcessErrors {
  const errors: unknown[] = [];
  const onError = (error: unknown) => {
    errors.push(error);
  };
  const events = ["uncaughtException", "unhandledRejection", "warning"] as const;
  for (const event of events) process.on(event, onError);
  const stop = () => {
    for (const event of events) process.off(event, onError);
  };
  return {
    async assertNone() {
      // An unhandled rejection is emitted after the microtasks, a warning one tick later.
      await turns(2);
      stop();
      assert.deepEqual(errors, []);
    },
    stop,
  };
}
