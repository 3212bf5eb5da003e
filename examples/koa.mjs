// Metrics beside the middleware of a Koa application.
import Koa from "koa";
import { Counter, register } from "prom-client";
import { createHandler } from "promhttp";

const visits = new Counter({ name: "visits_total", help: "Visits of the front page." });
const metrics = createHandler(register);

const app = new Koa();
app.use(async (ctx, next) => {
  if (ctx.path === "/metrics") {
    ctx.respond = false; // the handler answers
    metrics(ctx.req, ctx.res);
  } else await next();
});
app.use((ctx) => {
  visits.inc();
  ctx.body = "Hello!\n";
});

const server = app.listen(9464);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
