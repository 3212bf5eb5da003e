import assert from "node:assert/strict";
import { test } from "node:test";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { turns } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";
import type { Check } from "./checks/check.ts";
import type { Client } from "./clients/client.ts";
import { CONTRACT } from "./contract.ts";
import { type Journal, logOf } from "./journal.ts";
import type { Way } from "./way.ts";

/** Tests that each way in keeps the contract, or the part of it that is given. */
export function testContract(ways: readonly Way[], checks: readonly Check[] = CONTRACT): void {
  for (const way of ways) {
    const unknown = Object.keys(way.cannot ?? {}).filter((name) => !isCheck(name));
    assert.deepEqual(unknown, [], `${way.name} names checks that do not exist`);
    for (const check of checks) {
      const skip = way.cannot?.[check.name] ?? false;
      test(`${way.name} ${check.name}`, { skip }, () => runCheck(way, check));
    }
  }
}

function isCheck(name: string): boolean {
  return CONTRACT.some((check) => check.name === name);
}

/**
 * Runs a check with a way in of its own. It fails, too, when something else is logged, when an error
 * reaches the process, or when a socket stays open.
 */
async function runCheck(way: Way, check: Check): Promise<void> {
  const errors = captureProcessErrors();
  const before = openSockets();
  try {
    const journal = await serve(way, check);
    assertLog(logOf(journal), check.log ?? [], way.ownLog);
    for (let turn = 0; turn < 100 && openSockets() > before; turn++) await turns(1);
    assert.ok(openSockets() <= before, "sockets are left open");
    await errors.assertNone();
  } finally {
    errors.stop();
  }
}

async function serve(way: Way, { source, options = {}, log = [], run }: Check): Promise<Journal> {
  const { journal, connect, close } = await way.start({ source, options });
  const clients: Client[] = [];
  try {
    await run({
      journal,
      async connect() {
        const client = await connect();
        clients.push(client);
        return client;
      },
    });
    for (const line of log) await journal.line(line);
  } finally {
    for (const client of clients) client.close();
    await within("the end of the server", close());
  }
  return journal;
}

function assertLog(lines: readonly string[], expected: readonly RegExp[], ownLog?: RegExp): void {
  const isOwn = (line: string) => expected.length > 0 && ownLog?.test(line);
  const logged = lines.filter((line) => !isOwn(line));
  assert.equal(logged.length, expected.length, logged.join("\n"));
  for (const [index, line] of expected.entries()) assert.match(logged[index] ?? "", line);
}

/** Counts the sockets of this process, of servers and clients. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe)/.test(name)).length;
}
