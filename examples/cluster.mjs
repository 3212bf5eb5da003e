// Four workers of a cluster, and their primary, as one target: until Ctrl-C or SIGTERM.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { Counter, collectDefaultMetrics, register } from "prom-client";
import { Server } from "promhttp";

collectDefaultMetrics();
const visits = new Counter({ name: "shop_visits_total", help: "Requests answered." });

const metrics = await Server.listen(register, ":9464", { workers: true }); // in every process

if (cluster.isPrimary) {
  for (let count = 0; count < 4; count++) cluster.fork();
  cluster.on("exit", ({ exitedAfterDisconnect }) => exitedAfterDisconnect || cluster.fork());
} else {
  const shop = createServer((_request, response) => {
    visits.inc();
    response.end("Welcome.\n");
  });
  shop.listen(process.env["PORT"] ?? 8080);
  process.once("disconnect", () => metrics.close());
}

// Ctrl-C reaches all processes: the primary waits for the workers, and ends last.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    if (cluster.isPrimary) cluster.disconnect(() => metrics.close());
  });
}
