import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** What the scrapers asked for, by the path of the job. */
export interface RecordedRequests extends Disposable {
  /** Asks the server for what the last scrape on `url` asked for. */
  repeat(url: string): Promise<Response>;
}

const CHANNEL = "http.server.request.start";

/** Notes the headers of every request that reaches a server of this process. */
export function recordRequests(): RecordedRequests {
  const headersByUrl = new Map<string, Readonly<Record<string, string>>>();
  const onRequest = (message: unknown) => {
    // The documented message of this channel.
    const { request } = message as { request: IncomingMessage };
    const { accept = "", "accept-encoding": encoding = "", host } = request.headers;
    const headers = { Accept: accept, "Accept-Encoding": encoding };
    headersByUrl.set(`http://${host}${request.url}`, headers);
  };
  subscribe(CHANNEL, onRequest);
  return {
    async repeat(url) {
      const headers = headersByUrl.get(url);
      if (headers === undefined) throw new Error(`Nobody asked for ${url}`);
      return fetch(url, { headers });
    },
    [Symbol.dispose]() {
      unsubscribe(CHANNEL, onRequest);
    },
  };
}
