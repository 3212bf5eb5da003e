import { test } from "node:test";
import { testBundled, testDevelopment, testNext } from "./next-application.ts";
import { testNextWorkers } from "./next-workers.ts";

test("a Next.js application with cached components", (t) =>
  testNext(t, { config: "  cacheComponents: true," }, async (project, next) => {
    await testNextWorkers(t, project, next);
    await t.test("is told in development that the handler has answered", () =>
      testDevelopment(project, next),
    );
  }));

test(
  "a Next.js application that has promhttp in its bundle is told that there is no thread",
  testBundled,
);
