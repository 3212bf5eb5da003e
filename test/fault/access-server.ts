import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { RawResponse } from "../helpers/http/parse-response.ts";
import type { TestServerOptions } from "../helpers/http/with-server.ts";
import type { Transport, TransportServer } from "./transports.ts";

/** The password of every user of these tests. */
export const PASSWORD: string = "correct horse";

/** What no log line and no answer may show, beside hashes. */
const SECRETS = [PASSWORD, "hunter2", "correct%20horse"];

/** The hashes of `PASSWORD`, by their costs; libxcrypt has made them. */
export const HASHES: Readonly<Record<4 | 8 | 10 | 14, string>> = {
  4: "$2y$04$7tOSqcC1wdfkfhZTN6FbjepSQQ7CEsP7nroKCTtzFS1KPtWwi3FYG",
  8: "$2y$08$7tOSqcC1wdfkfhZTN6FbjefbYNySlSxCt7WbgAZkKxXjxAvoxKqji",
  10: "$2y$10$7tOSqcC1wdfkfhZTN6FbjebPnYuo/CRhCuiyNIxl9kBNpWWOIWTrO",
  14: "$2y$14$7tOSqcC1wdfkfhZTN6FbjeYarhPtTQUkZk36UgcPgJu4V5ZdtVI0G",
};

/** A user, with the lowest cost that there is. */
export const USERS: Readonly<Record<string, string>> = { prom: HASHES[4] };

export const TOKEN: string = "0123456789abcdef-TOKEN";

/** The header of a user and his password. */
export function basic(user: string, password: string, scheme = "Basic"): string {
  return raw(`${scheme} ${Buffer.from(`${user}:${password}`).toString("base64")}`);
}

/** The header of a token. */
export function bearer(token: string): string {
  return raw(`Bearer ${token}`);
}

/** The header `Authorization`, whatever it says. */
export function raw(value: string): string {
  return `Authorization: ${value}`;
}

/** A server for one test, in which nothing may leak. */
export interface AccessServer extends TransportServer {
  /** Asks for the metrics with these header lines. */
  ask(...headers: readonly string[]): Promise<RawResponse>;
  /** What a counter of refused requests says. */
  refused(reason: string): Promise<number>;
  /** How many passwords have been compared by bcrypt. */
  comparisons(): number;
}

/**
 * Tests that a server behaves, over a transport. It fails, too, when a password, a token, a hash, a stack or a
 * control character is logged or answered.
 */
export function testAccess(
  transport: Transport,
  name: string,
  options: TestServerOptions,
  run: (server: AccessServer) => Promise<void>,
): void {
  test(`${transport.name}: ${name}`, async () => {
    const posted = mock.method(Worker.prototype, "postMessage");
    try {
      await transport.withServer(options, async (server) => {
        const bodies: string[] = [];
        const sent = new Set<string>();
        const request: AccessServer["request"] = async (of) => {
          for (const secret of secretsIn(of?.headers ?? [])) sent.add(secret);
          const response = await server.request(of);
          bodies.push(response.body);
          return response;
        };
        const ask = (...headers: readonly string[]) => request({ headers });
        await run({
          ...server,
          request,
          ask,
          // Node's own threads get messages, too.
          comparisons: () =>
            posted.mock.calls.filter(({ arguments: [to] }) => "hashes" in to).length,
          async refused(reason) {
            const { body } = await ask(bearer(TOKEN));
            const pattern = `^promhttp_refused_requests_total\\{reason="${reason}"\\} (\\d+)$`;
            return Number(new RegExp(pattern, "m").exec(body)?.[1]);
          },
        });
        const users = Object.keys(options.auth?.users ?? {});
        for (const text of [...server.log, ...bodies]) assertDiscreet(text, users, sent);
      });
    } finally {
      posted.mock.restore();
    }
  });
}

/** What a client has sent in `Authorization`, as it is and in clear, unless it is too short to be looked for. */
function secretsIn(headers: readonly string[]): string[] {
  return headers
    .map((line) => /^Authorization: *\S+ +(.+)$/.exec(line)?.[1] ?? "")
    .flatMap((value) => [
      value,
      Buffer.from(value, "base64")
        .toString()
        .replace(/^[^:]*:/, ""),
    ])
    .filter((secret) => secret.length >= 7);
}

function assertDiscreet(text: string, users: readonly string[], sent: Iterable<string>): void {
  for (const secret of [...SECRETS, TOKEN, ...sent]) {
    assert.ok(!text.includes(secret), `${secret} is shown: ${text}`);
  }
  for (const [, user = ""] of text.matchAll(/user "([^"]*)"/g)) {
    assert.ok(users.includes(user), `an unknown user is shown: ${text}`);
  }
  assert.doesNotMatch(text, /\$2[aby]\$/);
  assert.doesNotMatch(text, /\n +at /);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: These are what it looks for.
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]/);
}
