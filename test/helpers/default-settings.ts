import assert from "node:assert/strict";
import type { WorkersSettings } from "../../src/options/workers.ts";
import { resolveWorkers } from "../../src/options/workers-rule.ts";

/** The settings of `workers: true`. */
export const SETTINGS: WorkersSettings = resolveWorkers(true) ?? assert.fail();
