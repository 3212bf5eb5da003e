// Many series, with the programs of `bench/cost`.
import assert from "node:assert/strict";
import { startGroup } from "../../../cost/aggregators.mjs";
import { measureGroups } from "../../../cost/measure-group.mjs";

/** A block of the event loop that an application does not feel. */
const BLOCK_MS = 20;

export const LARGE = [
  {
    row: 50,
    title: "four workers of 100,000 lines each: the hub's longest block is at most 20 ms",
    isWithoutApplication: true,
    async run({ costName }) {
      const group = await startGroup(costName, "L");
      try {
        const figures = await measureGroups([group], { rounds: 5 });
        const { longest } = figures.get(costName);
        assert.ok(longest <= BLOCK_MS, `${Math.round(longest)} ms`);
      } finally {
        await group.stop();
      }
    },
  },
];
