import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gatherer } from "../../src/model/gatherer.ts";
import { expose } from "../../src/scrape/expose.ts";
import { gaugeOf } from "../helpers/families.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { createHarness } from "./harness.ts";

const GOOD = gathererWith(gaugeOf([{ labels: {}, value: 1 }]));
const FAILING: Gatherer = { gather: () => Promise.reject(new Error("the disk is on fire")) };

test("expose() rejects with what failed, and neither counts nor logs it", async () => {
  const wanted = { accept: undefined, acceptEncoding: undefined };
  const harness = createHarness(FAILING);
  await assert.rejects(expose(harness.parts, wanted), /^Error: the disk is on fire$/);
  assert.deepEqual(harness.logged, []);
  const { body, end } = await expose(createHarness(GOOD, { selfMetrics: false }).parts, wanted);
  assert.match(Buffer.from(body as Uint8Array).toString(), /^g 1$/m);
  end();
});
