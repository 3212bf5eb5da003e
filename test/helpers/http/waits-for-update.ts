import assert from "node:assert/strict";
import type { Server } from "../../../src/index.ts";
import { turns } from "../turns.ts";
import type { RawConnection } from "./raw-connection.ts";
import { request } from "./raw-request.ts";

/** Asserts that a request is not answered while an update runs, and answered with 200 after it. */
export async function assertWaitsForUpdate(
  server: Server,
  connection: RawConnection,
  target: string,
): Promise<void> {
  let end = () => {};
  const update = server.update(() => new Promise<void>((resolve) => (end = resolve)));
  await connection.send(request(target));
  await turns(20);
  assert.equal(connection.received, "");
  end();
  await update;
  assert.equal((await connection.response()).status, 200);
}
