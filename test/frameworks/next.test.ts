import { test } from "node:test";
import { testDevelopment, testNext } from "./next-application.ts";
import { testNextWorkers } from "./next-workers.ts";

test("a Next.js application with cached components", (t) =>
  testNext(t, { config: "  cacheComponents: true," }, async (project, next) => {
    await testNextWorkers(t, project, next);
    await t.test("is told in development that the handler has answered", () =>
      testDevelopment(project, next),
    );
  }));
