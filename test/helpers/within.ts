import { AssertionError } from "node:assert/strict";
import { scaleWait } from "./wait-factor.ts";

/** Far longer than anything takes, even on a machine that has much else to do. */
const LIMIT_MS = 60_000;

/** Waits for `promise`, and fails with an assertion when it hangs. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  limitMs: number = LIMIT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    const error = new AssertionError({ message: `Hangs: ${what}`, stackStartFn: within });
    timer = setTimeout(() => reject(error), scaleWait(limitMs));
  });
  try {
    return await Promise.race([promise, hung]);
  } finally {
    clearTimeout(timer);
  }
}
