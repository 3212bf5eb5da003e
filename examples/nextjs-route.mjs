// The file app/metrics/route.js of a Next.js application.
import { collectDefaultMetrics, register } from "prom-client";
import { createHandler } from "promhttp";

if (register.getMetricsAsArray().length === 0) collectDefaultMetrics(); // it may be loaded again

export const GET = createHandler(register).fetch;
export const dynamic = "force-dynamic";
