// @prometheus-io/client's WorkerRegistry in the main thread.
import { createServer } from "node:http";
import client from "@prometheus-io/client";
import { listenHttp } from "../../host.mjs";
import { hostGroup } from "../../host-group.mjs";

const registry = new client.WorkerRegistry();
const server = createServer(async (_request, response) => {
  response.setHeader("Content-Type", registry.contentType);
  response.end(await registry.workerMetrics());
});
await hostGroup(client, { listen: (port) => listenHttp(server, port), areThreads: true });
