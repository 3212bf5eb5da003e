import type { Gatherer, GatherResult, MetricFamily } from "../../src/index.ts";
import { longFamily, UP_FAMILY } from "./families.ts";
import { within } from "./within.ts";

/** Makes a gatherer that always gives the same. */
export function gathererWith(...families: readonly MetricFamily[]): Gatherer {
  const result: GatherResult = { families };
  return { gather: () => result };
}

/** A gatherer of one family that counts how often it is asked. */
export function countingGatherer(): Gatherer & { calls: number } {
  return {
    calls: 0,
    gather() {
      this.calls++;
      return { families: [UP_FAMILY] };
    },
  };
}

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

/** A gatherer of one family whose metrics are made while they are read. */
export interface LongGatherer extends Gatherer {
  /** How many metrics were read. */
  read: number;
  /** Resolves with the number of metrics read when somebody stopped to read before the end. */
  stopped(): Promise<number>;
}

/**
 * Makes a gatherer of `count` metrics, each about 1 KB of text.
 *
 * @param onRead Called before each metric; what it throws comes out of the iterator.
 * @param paddingOf Gives the label value that makes a metric as long as it is.
 */
export function longGatherer(
  count: number,
  onRead: (read: number) => void = () => {},
  paddingOf?: (read: number) => string,
): LongGatherer {
  let resolveStopped = (_read: number) => {};
  const stopped = new Promise<number>((resolve) => {
    resolveStopped = resolve;
  });
  const gatherer: LongGatherer = {
    read: 0,
    stopped: () => within("the reading to stop", stopped),
    gather: () => ({ families: [longFamily({ count, valueAt, onStop, ...padding })] }),
  };
  const onStop = () => resolveStopped(gatherer.read);
  const padding = paddingOf && { paddingOf };
  const valueAt = (index: number) => {
    onRead(index);
    gatherer.read++;
    return index;
  };
  return gatherer;
}
