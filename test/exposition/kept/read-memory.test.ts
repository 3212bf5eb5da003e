import assert from "node:assert/strict";
import { test } from "node:test";
import { readMemory, youngLimit } from "../../../src/exposition/kept/read-memory.ts";
import { forkNode } from "../../helpers/processes/fork-fixture.ts";

test("readMemory() reads what the process takes, in bytes, and its limits", () => {
  const { heapUsed, heapLimit, rss, rssLimit } = readMemory();
  assert.ok(heapUsed > 1_000_000 && heapUsed < heapLimit, `${heapUsed} of ${heapLimit}`);
  assert.ok(rss > heapUsed, `${rss}`);
  assert.ok(rssLimit === undefined || rssLimit === 0 || rssLimit > rss, `${rssLimit}`);
});

test("youngLimit() is the share of the young generation in the limit of the heap", async () => {
  const script = "console.log(v8.getHeapStatistics().heap_size_limit)";
  const { stdout } = await forkNode(["--max-old-space-size=300", "--eval", script]).exit();
  assert.equal(youngLimit(process.versions.v8), Number(stdout) - 300 * 2 ** 20);
  const mebibytes = ["11.3.244.8-node.33", "12.4.254.21", "13.6.233.17", "14.2.1"].map(
    (version) => youngLimit(version) / 2 ** 20,
  );
  assert.deepEqual(mebibytes, [48, 48, 192, 96]);
});
