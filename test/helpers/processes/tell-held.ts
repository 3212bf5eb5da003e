import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Server } from "../../../src/index.ts";
import { captureProcessErrors } from "../capture-process-errors.ts";
import { turns } from "../turns.ts";
import { say } from "./say.ts";

/**
 * Serves until a line of the input is `end`. It answers each line before that with what the process
 * holds after a garbage collection.
 *
 * @param held Measures it.
 */
export async function tellHeld(server: Server, held: () => object): Promise<void> {
  const errors = captureProcessErrors();
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  say(`listening ${JSON.stringify(server.address)}`);
  let asked = 0;
  for await (const line of createInterface(process.stdin)) {
    if (line === "end") break;
    // What is on its way out is not held.
    await turns(20);
    for (let round = 0; round < 3; round++) {
      collectGarbage();
      await turns(2);
    }
    say(`held ${++asked} ${JSON.stringify(held())}`);
  }
  await server.close();
  process.stdin.destroy();
  await errors.assertNone();
}
