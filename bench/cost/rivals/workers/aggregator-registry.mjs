// prom-client's AggregatorRegistry in the primary of a cluster.
import { createServer } from "node:http";
import client from "prom-client";
import { listenHttp } from "../../host.mjs";
import { hostGroup } from "../../host-group.mjs";

const registry = new client.AggregatorRegistry();
const server = createServer(async (_request, response) => {
  response.setHeader("Content-Type", registry.contentType);
  response.end(await registry.clusterMetrics());
});
await hostGroup(client, { listen: (port) => listenHttp(server, port) });
