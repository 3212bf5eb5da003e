import { test } from "node:test";
import { readDocument } from "../docs/documents.ts";
import { testNext } from "../frameworks/next-application.ts";

/** The line of the guide that adds what the preload loads. */
const [TRACING = ""] =
  /^outputFileTracingIncludes: .*$/m.exec(readDocument("docs/guide/recipes/nextjs.md").text) ?? [];

test("an application of Next.js 15", (t) => testNext(t, { folder: "next-15" }));

test("a standalone Next.js application", (t) =>
  testNext(t, { config: `output: "standalone",\n${TRACING}`, isStandalone: true }));

test("a Next.js application that webpack builds", (t) =>
  testNext(t, { config: "cacheComponents: true,", buildFlags: ["--webpack"] }));
