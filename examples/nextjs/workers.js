// The metrics of all processes of a Next.js application. `instrumentation.js` loads this file in each of
// them, because a route is loaded only when it is first asked.
import { register } from "prom-client";
import { createHandler } from "promhttp";

globalThis.shopMetrics ??= createHandler(register, { workers: true });

export const metrics = globalThis.shopMetrics;
