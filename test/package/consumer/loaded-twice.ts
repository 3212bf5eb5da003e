// A module of metrics that Next.js may load twice, as docs/guide/recipes/nextjs.md has it in TypeScript.
import { Counter, register } from "prom-client";

export const visits: Counter =
  (register.getSingleMetric("shop_visits_total") as Counter | undefined) ??
  new Counter({ name: "shop_visits_total", help: "Visits of a page.", labelNames: ["page"] });

visits.inc({ page: "/" });
