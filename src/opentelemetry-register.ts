/**
 * The entry `promhttp/opentelemetry/register`: serves what OpenTelemetry's exporter for Prometheus would
 * serve, without a line of code. It comes before OpenTelemetry.
 *
 * ```sh
 * export OTEL_METRICS_EXPORTER=prometheus
 * node --require promhttp/opentelemetry/register \
 *   --require @opentelemetry/auto-instrumentations-node/register app.js
 * ```
 *
 * @module
 */
import { preload } from "./programs/opentelemetry/preload.ts";

preload();
