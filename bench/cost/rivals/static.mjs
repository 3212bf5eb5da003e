// The limit: the bytes of one scrape, sent again and again.
import { createServer } from "node:http";
import client from "prom-client";
import { host, listenHttp } from "../host.mjs";

let body = "";
const server = createServer((_request, response) => {
  response.setHeader("Content-Type", client.register.contentType);
  response.end(body);
});
await host(client, client.register, async (port) => {
  body = Buffer.from(await client.register.metrics());
  return listenHttp(server, port);
});
