import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { forkNode, TYPESCRIPT } from "../../helpers/processes/fork-fixture.ts";

const FIXTURE = fileURLToPath(new URL("../../fixtures/memory-pressure.ts", import.meta.url));

test("kept bytes are the first to go in a process whose heap is nearly full", async () => {
  const args = ["--max-old-space-size=512", "--expose-gc", "--import", TYPESCRIPT, FIXTURE];
  const child = forkNode(args);
  let count = 0;
  const scrape = (command = "") => {
    child.tell(command);
    return child.line(`${count++} `);
  };
  // Bytes are kept from the second scrape on.
  assert.deepEqual([await scrape(), await scrape(), await scrape()], ["plain", "plain", "kept"]);
  assert.equal(await scrape("fill"), "kept");
  const warning = await child.line("WARN ");
  assert.match(
    warning,
    /^Dropped the kept bytes of the last scrape: the heap of V8 takes 8\d % of its limit; scrapes cost more CPU/,
  );
  assert.deepEqual([await scrape(), await scrape("wait")], ["plain", "plain"]);
  assert.deepEqual([await scrape("free"), await scrape("wait")], ["plain", "plain"]);
  assert.deepEqual([await scrape(), await scrape(), await scrape()], ["plain", "plain", "kept"]);
  child.signal("SIGKILL");
  const { stdout } = await child.exit();
  assert.equal(stdout.match(/WARN/g)?.length, 1);
});
