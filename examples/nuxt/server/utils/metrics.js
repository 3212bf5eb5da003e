// The metrics of the application.
import { Counter, collectDefaultMetrics } from "prom-client";

collectDefaultMetrics();
export const visits = new Counter({ name: "shop_visits_total", help: "Visits of the shop." });
