import { setImmediate } from "node:timers/promises";
import type { Handler } from "../../../src/index.ts";
import { turnsUntil } from "../../helpers/turns.ts";
import { within } from "../../helpers/within.ts";
import type { Client, Exchange } from "./client.ts";

/** Calls a function of the Fetch API as a server would, without one. */
export function connectFetch(fetch: Handler["fetch"]): Client {
  return {
    async send({ method = "GET", query = "", headers = {}, body } = {}) {
      const client = new AbortController();
      const { signal } = client;
      // The Fetch API has no bodies of `GET`; the headers announce one.
      const content = method === "GET" || body === undefined ? {} : { body };
      const url = `http://127.0.0.1/metrics${query}`;
      const pending = fetch(new Request(url, { method, headers, signal, ...content }));
      return exchangeOf(pending, () => client.abort());
    },
    close() {},
  };
}

function exchangeOf(pending: Promise<Response>, leave: () => void): Exchange {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isPaused = false;

  async function read(): Promise<boolean> {
    const { body, headers } = await pending;
    const reader = body?.getReader();
    try {
      for (;;) {
        while (isPaused) await setImmediate();
        const { done = true, value } = (await reader?.read()) ?? {};
        if (done) break;
        // Typed by the types of browsers; it is bytes.
        chunks.push(value as Uint8Array);
        bytes += (value as Uint8Array).length;
      }
    } catch {
      return false;
    }
    const length = headers.get("content-length");
    return length === null || Number(length) === bytes;
  }
  const complete = read();

  return {
    received: (limit) => turnsUntil("some of the body", () => bytes > limit),
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
    },
    leave() {
      isPaused = false;
      leave();
    },
    async response() {
      const isComplete = await within("the end of the response", complete);
      const { status, headers } = await pending;
      return {
        status,
        headers: Object.fromEntries(headers),
        body: Buffer.concat(chunks),
        isComplete,
      };
    },
  };
}
