// promhttp over an OpenTelemetry SDK; a third argument is the number of bytes that it may keep.
import { Server } from "../../../dist/index.js";
import { PrometheusReader } from "../../../dist/opentelemetry.js";
import { host } from "../host.mjs";
import { clientFor } from "../opentelemetry-client.mjs";

// The names of the exporter, so that both serve the same samples.
const names = { unitSuffixes: false, scopeInfoEnabled: false, targetInfoEnabled: false };
const reader = new PrometheusReader(names);
const [, , , , maxKeptBytes] = process.argv;
const options = maxKeptBytes === undefined ? {} : { maxKeptBytes: Number(maxKeptBytes) };
await host(clientFor(reader), undefined, async (port) => {
  const server = await Server.listen(reader, `127.0.0.1:${port}`, options);
  return Number(new URL(server.url).port);
});
