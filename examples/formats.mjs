// Only text and OpenMetrics, compressed harder than by default: for a slow network.
import client from "prom-client";
import { Server } from "promhttp";

client.collectDefaultMetrics();

const server = await Server.listen(client.register, ":9464", {
  formats: ["openmetrics-1.0.0", "text-0.0.4"],
  compression: { encodings: ["gzip"], gzipLevel: 9 },
});
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
