import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect as connectTls, TLSSocket } from "node:tls";
import type { Identity } from "../../helpers/certificates.ts";
import { parseHead, type RawResponse } from "../../helpers/http/parse-response.ts";
import { request } from "../../helpers/http/raw-request.ts";

/** How to ask an exporter. */
export interface Question {
  /** @default "/metrics" */
  readonly path?: string;
  /** Credentials, as they are written before base64 encodes them. */
  readonly user?: string;
  /** Whole header lines. */
  readonly headers?: readonly string[];
  /** Speaks TLS; `true` for the defaults. */
  readonly tls?: true | ConnectionOptions;
  /** The client's certificate. */
  readonly client?: Identity;
}

/** What came of a question. */
export interface Outcome {
  /** `undefined` if the connection was closed without an answer. */
  readonly response: Omit<RawResponse, "body" | "rest"> | undefined;
  /** The whole answer. */
  readonly text: string;
  /** The certificate of the server, in base64. */
  readonly certificate: string | undefined;
  /** What was negotiated by ALPN. */
  readonly protocol: string | undefined;
}

/** Sends a request on a connection of its own. It never rejects. */
export async function ask(port: number, question: Question = {}): Promise<Outcome> {
  const { path = "/metrics", user, headers = [] } = question;
  const credentials = user === undefined ? [] : [`Authorization: Basic ${btoa(user)}`];
  const socket = open(port, question);
  try {
    const isTls = socket instanceof TLSSocket;
    await once(socket, isTls ? "secureConnect" : "connect");
    const seen = {
      certificate: isTls ? socket.getPeerX509Certificate()?.raw.toString("base64") : undefined,
      protocol: (isTls && socket.alpnProtocol) || undefined,
    };
    const lines = ["Host: localhost", "Connection: close", ...credentials, ...headers];
    socket.write(request(path, { headers: lines }), "latin1");
    const answer = await text(socket).catch(() => "");
    return { response: parseHead(answer), text: answer, ...seen };
  } catch {
    return { response: undefined, text: "", certificate: undefined, protocol: undefined };
  } finally {
    socket.destroy();
  }
}

function open(port: number, { tls, client }: Question): Socket {
  const address = { port, host: "127.0.0.1" };
  if (tls === undefined) return connect(address);
  const options = tls === true ? {} : tls;
  return connectTls({ ...address, rejectUnauthorized: false, ...client, ...options });
}
