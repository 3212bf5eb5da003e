// Metrics behind a password, beside the public routes of an Express application.
import express from "express";
import { collectDefaultMetrics, register } from "prom-client";
import { createHandler } from "promhttp";

collectDefaultMetrics();
// What `htpasswd -nBC 10 ""` prints, without the colon.
const { METRICS_PASSWORD_HASH } = process.env;
const users = { prometheus: `${METRICS_PASSWORD_HASH}` };

const app = express();
app.get("/", (_request, response) => response.send("Hello!\n"));
app.get("/metrics", createHandler(register, { auth: { users } }));

const server = app.listen(9464);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
