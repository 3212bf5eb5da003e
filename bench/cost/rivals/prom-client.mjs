// prom-client with its own `metrics()` on plain node:http.
import { createServer } from "node:http";
import client from "prom-client";
import { host, listenHttp } from "../host.mjs";

const server = createServer(async (_request, response) => {
  response.setHeader("Content-Type", client.register.contentType);
  response.end(await client.register.metrics());
});
await host(client, client.register, (port) => listenHttp(server, port));
