// @opentelemetry/exporter-prometheus, with its instruments behind the names of prom-client.
import { host } from "../host.mjs";
import { clientFor, load } from "../opentelemetry-client.mjs";

const { PrometheusExporter } = load("@opentelemetry/exporter-prometheus");
const config = { host: "127.0.0.1", withoutScopeInfo: true, withoutTargetInfo: true };
const exporter = new PrometheusExporter({ ...config, preventServerStart: true });
await host(clientFor(exporter), undefined, async (port) => {
  exporter._port = port;
  await exporter.startServer();
  return exporter._server.address().port;
});
