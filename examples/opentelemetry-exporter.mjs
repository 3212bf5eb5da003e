// An application of OpenTelemetry's own exporter, with one changed line.
import { createServer } from "node:http";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { PrometheusExporter } from "promhttp/opentelemetry"; // was "@opentelemetry/exporter-prometheus"

const exporter = new PrometheusExporter({ port: 9464 });
const provider = new MeterProvider({ readers: [exporter] });

const visits = provider.getMeter("shop").createCounter("shop.visits", { unit: "{visit}" });
visits.add(0);
const shop = createServer((_request, response) => {
  visits.add(1);
  response.end("Welcome!");
}).listen(process.env["PORT"] ?? 8080);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    shop.close();
    await provider.shutdown(); // closes the exporter's server, too
  });
}
