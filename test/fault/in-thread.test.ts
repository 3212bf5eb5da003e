import { test } from "node:test";
import { runTests } from "../helpers/run-tests.ts";

/** The longest first, so that none is left to run alone. */
const FILES = [
  "collectors",
  "malformed",
  "reload",
  "clients",
  "values",
  "smuggling",
  "credentials",
  "fuzz",
  "rotation",
];

// Several at a time: they mostly wait for a thread to start. test/long/ runs all of them.
test("the rows of other files hold for a server that lives in a thread", () =>
  runTests(
    FILES.map((file) => `test/fault/${file}.test.ts`),
    { env: { PROMHTTP_TEST_THREAD: "some" } },
  ));
