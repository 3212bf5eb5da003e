// The metrics of a Next.js application. Next.js may load this file more than once, so it asks before it
// registers.
import { Counter, collectDefaultMetrics, register } from "prom-client";

if (!register.getSingleMetric("process_cpu_user_seconds_total")) collectDefaultMetrics();

export const visits =
  register.getSingleMetric("shop_visits_total") ??
  new Counter({ name: "shop_visits_total", help: "Visits of a page.", labelNames: ["page"] });
