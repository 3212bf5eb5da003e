// The limit over an OpenTelemetry SDK: its `collect()`, and six bytes sent.
import { createServer } from "node:http";
import { host, listenHttp } from "../host.mjs";
import { clientFor, load } from "../opentelemetry-client.mjs";

const { MetricReader } = load("@opentelemetry/sdk-metrics");
const reader = new (class extends MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
})();
const server = createServer(async (_request, response) => {
  await reader.collect();
  response.end("# EOF\n");
});
await host(clientFor(reader), undefined, (port) => listenHttp(server, port));
