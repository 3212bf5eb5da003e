import { type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { within } from "../../helpers/within.ts";
import type { Client, ClientResponse, Exchange } from "./client.ts";

/** Opens a session of HTTP/2, without TLS, with a port of the loopback. */
export async function connectHttp2(port: number): Promise<Client> {
  const session = connect(`http://127.0.0.1:${port}`);
  await within(
    "a session",
    new Promise<void>((resolve) => session.once("connect", () => resolve())),
  );
  return {
    async send({ method = "GET", query = "", headers = {}, body } = {}) {
      const { host, ...others } = headers;
      const stream = session.request(
        {
          ":method": method,
          ":path": `/metrics${query}`,
          ...(host !== undefined && { ":authority": host }),
          ...others,
        },
        { endStream: body === undefined },
      );
      if (body !== undefined) stream.end(body);
      return exchangeOf(stream);
    },
    close: () => session.destroy(),
  };
}

function exchangeOf(stream: ClientHttp2Stream): Exchange {
  let headers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isEnded = false;
  stream.on("response", (received) => {
    headers = received;
  });
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
  });
  stream.on("end", () => {
    isEnded = true;
  });
  // A reset is an event, too; the code tells.
  stream.on("error", () => {});
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  return {
    async received(limit) {
      while (bytes <= limit) {
        await within("some of the body", new Promise((resolve) => stream.once("data", resolve)));
      }
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    leave: () => stream.close(constants.NGHTTP2_CANCEL),
    async response(): Promise<ClientResponse> {
      await within("the end of the stream", closed);
      const { ":status": status, ...others } = headers;
      return {
        status: Number(status),
        // Of those that may come more than once a response has none.
        headers: others as Readonly<Record<string, string>>,
        body: Buffer.concat(chunks),
        isComplete: isEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      };
    },
  };
}
