// Metrics beside the routes of an Express application.
import express from "express";
import { Counter, register } from "prom-client";
import { createHandler } from "promhttp";

const visits = new Counter({ name: "visits_total", help: "Visits of the front page." });

const app = express();
app.get("/", (_request, response) => {
  visits.inc();
  response.send("Hello!\n");
});
app.get("/metrics", createHandler(register));

const server = app.listen(9464);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
