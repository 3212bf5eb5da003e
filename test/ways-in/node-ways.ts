import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  createHandler,
  type Handler,
  type Logger,
  Server,
  type ServerOptions,
  type Source,
} from "../../src/index.ts";
import { type Mount, type Mounted, mountOnNode } from "../helpers/http/with-mount.ts";
import { connectFetch } from "./clients/fetch.ts";
import { connectHttp1 } from "./clients/http1.ts";
import { connectHttp2 } from "./clients/http2.ts";
import { createJournal, type Journal } from "./journal.ts";
import { SOURCES } from "./sources.ts";
import type { Way } from "./way.ts";

const NO_CODINGS = "HTTP/2 has no transfer codings.";
const HTTP2_CANNOT = {
  "rejects an invalid host without gathering": "Node resets the stream of such a request.",
  "serves a request in chunks that has no content": NO_CODINGS,
  "rejects an unknown transfer coding without gathering": NO_CODINGS,
};

/** What a way has in common with others that pass on a request of the Fetch API. */
export const OVER_FETCH: Pick<Way, "cannot" | "ownLog"> = {
  cannot: { "lets in the networks that are allowed": "Nobody knows the address of a client." },
  ownLog: /^warn promhttp: Option "allowedNetworks" refuses every request of the Fetch API/,
};

/** The ways in that need nothing but Node. */
export const NODE_WAYS: readonly Way[] = [
  serverWay("Server", (source, options) => Server.listen(source, "127.0.0.1:0", options)),

  serverWay("Server at a further path", (source, options) => {
    const other: Source = { gather: () => ({ families: [] }) };
    const paths = { "/metrics": source };
    return Server.listen(other, "127.0.0.1:0", { ...options, path: "/main", paths });
  }),

  mountWay("node:http", mountOnNode),

  { ...mountWay("HTTP/2", mountOnHttp2, connectHttp2), cannot: HTTP2_CANNOT },

  {
    ...OVER_FETCH,
    name: "fetch()",
    async start({ source, options }) {
      const journal = createJournal();
      const logger = loggerOf(journal);
      const { fetch, close } = createHandler(SOURCES[source](journal.add), { logger, ...options });
      return { journal, connect: async () => connectFetch(fetch), close: async () => close() };
    },
  },
];

/** Makes the way in of a server that serves a source at `/metrics`. */
function serverWay(
  name: string,
  listen: (source: Source, options: ServerOptions) => Promise<Server>,
): Way {
  return {
    name,
    cannot: {
      "forbids others to transform the body": "Nothing stands between it and the client.",
    },
    async start({ source, options }) {
      const journal = createJournal();
      const server = await listen(SOURCES[source](journal.add), {
        logger: loggerOf(journal),
        drainTimeoutMs: 0,
        ...options,
      });
      const { port } = server.address as AddressInfo;
      return { journal, connect: () => connectHttp1(port), close: () => server.close() };
    },
  };
}

/** Makes the way in of a handler that is mounted in this process. */
export function mountWay(
  name: string,
  mount: Mount,
  connect: typeof connectHttp1 = connectHttp1,
): Way {
  return {
    name,
    async start({ source, options }) {
      const journal = createJournal();
      const logger = loggerOf(journal);
      const handler = createHandler(SOURCES[source](journal.add), { logger, ...options });
      const { port, close } = await mount(handler);
      return {
        journal,
        connect: () => connect(port),
        async close() {
          await close();
          handler.close();
        },
      };
    },
  };
}

/** Serves HTTP/2 without TLS. Its sessions end with their clients. */
async function mountOnHttp2(handler: Handler): Promise<Mounted> {
  const server = createHttp2Server(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async close() {
      server.close();
      await once(server, "close");
    },
  };
}

function loggerOf(journal: Journal): Logger {
  // A further path is named in its lines.
  const line = (message: string) => message.replace(/^(promhttp: )\/metrics: /, "$1");
  return {
    error: (message) => journal.add(`error ${line(message)}`),
    warn: (message) => journal.add(`warn ${line(message)}`),
  };
}
