// A registry of your own, on one interface, with a path and a logger of your own.
import { Gauge, Registry } from "@prometheus-io/client";
import { Server } from "promhttp";

const registry = new Registry();
registry.setDefaultLabels({ app: "shop" });
new Gauge({
  name: "basket_items",
  help: "Items in all open baskets.",
  registers: [registry],
  collect() {
    this.set(3);
  },
});

const logger = {
  error: (message) => console.error(`[metrics] ${message}`),
  warn: (message) => console.warn(`[metrics] ${message}`),
};
const server = await Server.listen(registry, "127.0.0.1:9464", { path: "/custom", logger });
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
