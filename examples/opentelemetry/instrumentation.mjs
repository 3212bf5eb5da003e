// Starts the NodeSDK before an application: `node --import ./instrumentation.mjs app.mjs`.
import { getNodeAutoInstrumentations } from "@opentelemetry/auto-instrumentations-node";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { Server } from "promhttp";
import { PrometheusReader } from "promhttp/opentelemetry";

const reader = new PrometheusReader();
const sdk = new NodeSDK({
  metricReaders: [reader],
  instrumentations: [getNodeAutoInstrumentations()],
});
sdk.start();
const server = await Server.listen(reader, ":9464", { errorHandling: "continue", unref: true });

process.once("SIGTERM", async () => {
  await server.close();
  await sdk.shutdown();
  process.exit();
});
