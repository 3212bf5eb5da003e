import type { ServerOptions } from "../../src/index.ts";

/**
 * Whether the servers of these tests live in a thread, in those rows that need one of their own ("some") or in
 * all of them. A file of tests sets the variable before it imports others.
 */
const MODE = process.env["PROMHTTP_TEST_THREAD"] as "some" | "all" | undefined;

/** Whether the servers of these tests live in a thread. */
export const IN_THREAD: boolean = MODE !== undefined;

/** Whether the variants of a row run, too: to start a thread costs each test a tenth of a second. */
export const WITH_VARIANTS: boolean = MODE !== "some";

/** What makes the server of a test live there. */
export const WHERE: Pick<ServerOptions, "thread"> = IN_THREAD ? { thread: true } : {};

/** What the names of the tests say of it. */
export const THE_SERVER: string = IN_THREAD ? "a server in a thread" : "the server";
