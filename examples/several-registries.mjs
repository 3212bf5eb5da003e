// Several registries, here of two client libraries, as one target.
import { Counter as NewCounter, Registry as NewRegistry } from "@prometheus-io/client";
import { Counter, Registry } from "prom-client";
import { Server } from "promhttp";

const orders = new Registry();
orders.setDefaultLabels({ team: "orders" });
new Counter({ name: "requests_total", help: "Requests.", registers: [orders] }).inc(2);

const billing = new NewRegistry();
billing.setDefaultLabels({ team: "billing" });
new NewCounter({ name: "requests_total", help: "Requests.", registers: [billing] }).inc(5);

const server = await Server.listen([orders, billing], ":9464");
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
