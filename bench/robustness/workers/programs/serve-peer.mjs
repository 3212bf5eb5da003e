import { createServer } from "node:http";

/** Serves what an aggregator of a client library makes, as its documentation shows it. */
export function servePeer(registry, gather, port) {
  const server = createServer(async (request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    try {
      const body = await gather();
      response.setHeader("Content-Type", registry.contentType);
      response.end(body);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
}
