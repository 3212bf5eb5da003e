// What the exporters ask: a device of ten values, whose name says how it behaves.
import { setTimeout as sleep } from "node:timers/promises";

let runs = 0;
let running = 0;

/**
 * Asks a device: `fast-1` answers at once, `slow-1` after 100 ms, `hung-1` never.
 *
 * @returns Its values by their names.
 */
export async function ask(host, signal) {
  runs++;
  running++;
  try {
    if (host.startsWith("slow")) await sleep(100, undefined, { signal });
    if (host.startsWith("hung")) await sleep(60_000, undefined, { signal });
    return Array.from({ length: 10 }, (_, index) => [`device_value_${index}`, index * 1.5]);
  } finally {
    running--;
  }
}

/** Answers the runner: how often devices were asked, how many are being asked, and the heap after garbage. */
export function reportRuns(port) {
  process.on("message", () => {
    globalThis.gc?.();
    process.send?.({ runs, running, heapBytes: process.memoryUsage().heapUsed });
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ port });
}
