import assert from "node:assert/strict";
import { test } from "node:test";
import { programOf, withProject } from "./with-project.ts";

const VITEST = programOf("vitest/vitest.mjs");

const SETTINGS = {
  "in node": [],
  "in jsdom": ["--environment", "jsdom"],
  // Its timers are jsdom's own, too.
  "in jsdom and a context of its own": ["--environment", "jsdom", "--pool", "vmThreads"],
};

for (const [name, flags] of Object.entries(SETTINGS)) {
  test(`Vitest runs the example ${name}`, () =>
    withProject({ example: "vitest" }, async (project) => {
      const { code, stdout, stderr } = await project.node([VITEST, "run", ...flags]).exit();
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, / Tests .*1 passed.*\(1\)/);
    }));
}
