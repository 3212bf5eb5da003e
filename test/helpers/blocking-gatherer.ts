import type { Gatherer, GatherResult } from "../../src/index.ts";
import { UP_FAMILY } from "./counting-gatherer.ts";
import { within } from "./within.ts";

/** A gatherer that waits until the test releases it. */
export interface BlockingGatherer extends Gatherer {
  /** Resolves when it is asked. */
  started(): Promise<AbortSignal>;
  /** Lets it answer, now and from then on. */
  release(): void;
  /** Lets it fail. */
  fail(error: unknown): void;
}

/** Makes a gatherer that waits until the test releases it, and then yields one family. */
export function blockingGatherer(): BlockingGatherer {
  let onStart = (_signal: AbortSignal) => {};
  const started = new Promise<AbortSignal>((resolve) => {
    onStart = resolve;
  });
  let release = () => {};
  let fail = (_error: unknown) => {};
  const released = new Promise<GatherResult>((resolve, reject) => {
    release = () => resolve({ families: [UP_FAMILY] });
    fail = reject;
  });
  return {
    gather({ signal }) {
      onStart(signal);
      return released;
    },
    started: () => within("the gatherer to be asked", started),
    release,
    fail,
  };
}
