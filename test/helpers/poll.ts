import { setTimeout as sleep } from "node:timers/promises";
import { within } from "./within.ts";

/** Asks again and again until something has come about, and fails with an assertion when it does not. */
export async function poll(what: string, isDone: () => boolean | Promise<boolean>): Promise<void> {
  let isOver = false;
  const ask = async () => {
    while (!isOver && !(await isDone())) await sleep(20);
  };
  try {
    await within(what, ask());
  } finally {
    // Otherwise a test that fails asks forever, and its process never ends.
    isOver = true;
  }
}
