// The metric reader of a Next.js application. Next.js may load this file more than once.
import { PrometheusReader } from "promhttp/opentelemetry";

globalThis.metricReader ??= new PrometheusReader();
export const reader = globalThis.metricReader;
