// What Next.js runs once, before it serves.
export async function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { metrics } = await import("@opentelemetry/api");
  const { MeterProvider } = await import("@opentelemetry/sdk-metrics");
  const { reader } = await import("./reader.js");
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}
