// Served by the preload, without changes: node --import promhttp/register examples/preload-app.mjs.
import { createServer } from "node:http";
import { Counter } from "prom-client";

const visits = new Counter({ name: "shop_visits_total", help: "Requests answered." });

const shop = createServer((_request, response) => {
  visits.inc();
  response.end("Welcome.\n");
});
shop.listen(process.env["PORT"] ?? 8080);

// In its cluster mode PM2 keeps a process running that has only closed its server.
const stop = () => shop.close(() => process.exit());
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
