// Workers that come, count and go at random; test/long/ does it for much longer.
import { test } from "node:test";
import { assertExactSums } from "./workers-soak.ts";

test("the sums of workers that come and go are what they have counted", () =>
  assertExactSums({ seed: 1, steps: 25, kind: "cluster", isDeadly: false }));

test("no more is lost of workers that are killed than what was never served", () =>
  assertExactSums({ seed: 1, steps: 25, kind: "fork", isDeadly: true }));

test("nothing is lost when threads are killed in which the servers of workers are", () =>
  assertExactSums({ seed: 1, steps: 25, kind: "fork", isDeadly: false, isInThread: true }));
