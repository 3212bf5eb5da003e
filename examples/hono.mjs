// Metrics beside the routes of a Hono application.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { Counter, register } from "prom-client";
import { createHandler } from "promhttp";

const visits = new Counter({ name: "visits_total", help: "Visits of the front page." });
const metrics = createHandler(register);

const app = new Hono();
app.get("/", (c) => {
  visits.inc();
  return c.text("Hello!\n");
});
app.get("/metrics", (c) => metrics.fetch(c.req.raw));

const server = serve({ fetch: app.fetch, port: 9464 });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
