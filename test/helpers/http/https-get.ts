import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { poll } from "../poll.ts";

/** An answer over TLS. */
export interface HttpsAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The number of the server's certificate. */
  readonly serial: string;
}

/** Sends a request to this host, on a connection of its own. */
export async function httpsGet(options: RequestOptions): Promise<HttpsAnswer> {
  const outgoing = request({ host: "127.0.0.1", path: "/metrics", agent: false, ...options });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  // Node's own type does not say that a response of node:https has such a socket.
  const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
  const { statusCode: status, headers } = response;
  return { status, headers, body: await text(response), serial };
}

/** Asks until something listens with a certificate that `options` accept. */
export async function firstHttpsAnswer(options: RequestOptions): Promise<HttpsAnswer> {
  let answer: HttpsAnswer | undefined;
  await poll("an answer over TLS", async () => {
    try {
      answer = await httpsGet(options);
    } catch (error) {
      if (!isTemporary(error)) throw error;
    }
    return answer !== undefined;
  });
  return answer ?? assert.fail();
}

/** It does not listen yet, or has not read the new certificate. */
function isTemporary(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" || code === "DEPTH_ZERO_SELF_SIGNED_CERT";
}
