// Metrics beside the routes of a Fastify application.
import fastify from "fastify";
import { Counter, register } from "prom-client";
import { createHandler } from "promhttp";

const visits = new Counter({ name: "visits_total", help: "Visits of the front page." });
const metrics = createHandler(register);

const app = fastify();
app.get("/", () => {
  visits.inc();
  return "Hello!\n";
});
app.get("/metrics", (request, reply) => {
  reply.hijack(); // the handler answers
  metrics(request.raw, reply.raw);
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close());
// Fastify crashes when it is closed while it looks up "localhost", its default.
await app.listen({ host: "127.0.0.1", port: 9464 });
