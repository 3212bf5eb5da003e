// An application that blocks its event loop, and is scraped all the same.
import { createServer } from "node:http";
import { Counter, collectDefaultMetrics, register } from "prom-client";
import { Server } from "promhttp";

collectDefaultMetrics();
const reports = new Counter({ name: "shop_reports_total", help: "Reports that were written." });

const metrics = await Server.listen(register, ":9464", { thread: true });

/** Stands for work that does not yield, such as parsing a large file. */
function writeReport(seconds) {
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end);
  reports.inc();
}

// `curl localhost:8080/5` blocks for five seconds. Meanwhile look at localhost:9464/metrics.
const app = createServer(({ url }, response) => {
  writeReport(Number(url?.slice(1)));
  response.end("done\n");
});
app.listen(process.env["PORT"] ?? 8080);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => app.close(() => metrics.close()));
}
