import { setImmediate } from "node:timers/promises";

/** Lets the event loop turn `count` times, so that all sockets that are ready are served. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}
