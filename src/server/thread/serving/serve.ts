import type { ThreadStart } from "../messages.ts";

/** Serves what an application has asked for, in the thread that it has started. */
export async function serve(_start: ThreadStart): Promise<void> {}
