// @opentelemetry/exporter-prometheus: node bench/robustness/rivals/opentelemetry.mjs <port> <fault>
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { COLLECTORS, SERIES, THE_END } from "./metrics.mjs";

const [port, fault] = process.argv.slice(2);
const reader = new PrometheusExporter({
  host: "127.0.0.1",
  port: Number(port),
  preventServerStart: true,
});
const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");

meter.createCounter("requests").add(3, { code: "200" });
if (fault === "large") {
  // The library keeps 2,000 label sets of an instrument, unless it is observed.
  const large = meter.createObservableGauge("large");
  large.addCallback((result) => {
    for (let id = 0; id < SERIES; id++) result.observe(id, { id, path: "/".padEnd(60, "x") });
  });
} else if (fault in COLLECTORS) {
  meter.createObservableGauge("faulty").addCallback(COLLECTORS[fault]);
} else if (fault === "label") {
  const broken = { toString: COLLECTORS.throws, toJSON: COLLECTORS.throws };
  meter.createObservableGauge("faulty").addCallback((result) => result.observe(1, { a: broken }));
}
meter.createObservableGauge(THE_END).addCallback((result) => result.observe(1));
await reader.startServer();
// The application; the server alone does not keep the process alive.
setInterval(() => {}, 1_000);
console.log(`listening ${port}`);
