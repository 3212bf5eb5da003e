// Says what was held at the first look, a third, two thirds, and the last look.
import { type TestContext, test } from "node:test";
import {
  assertFlat,
  type Held,
  LARGE,
  type Load,
  SMALL,
  toMegabytes,
} from "../fault/flat-memory.ts";

const XL: Load = {
  ...LARGE,
  lines: 1_000_000,
  // Blocks take 95 MB, and twice as much while a client stalls.
  maxKeptBytes: 256 * 1_024 * 1_024,
  scrapes: 100,
  looks: 20,
  // Heap and blocks stay within 1 MB of 280. RSS went up once, by 65 MB of 710, somewhere in the
  // first 55 scrapes, and no more in the 45 after that.
  allowance: { heap: 4e6, rss: 112e6 },
  buffers: { least: 80e6, most: 160e6 },
};

test("memory stays flat over 100,000 small scrapes", async (context) => {
  say(context, await assertFlat({ ...SMALL, scrapes: 100_000, looks: 30 }));
});

test("memory stays flat while half of 1,000,000 lines are exchanged for each scrape", async (context) => {
  say(context, await assertFlat(XL));
});

function say(context: TestContext, looks: readonly Held[]): void {
  for (const share of [0, 1 / 3, 2 / 3, 1]) {
    const { heap, buffers, rss } = looks[Math.round((looks.length - 1) * share)] as Held;
    const [heapMb, buffersMb, rssMb] = [heap, buffers, rss].map(toMegabytes);
    context.diagnostic(`heap ${heapMb} MB, array buffers ${buffersMb} MB, RSS ${rssMb} MB`);
  }
}
