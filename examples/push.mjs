// The metrics of a batch job, pushed to a Pushgateway when it is done.
import { Counter, Gauge, Registry } from "prom-client";
import { render } from "promhttp";

const registry = new Registry();
const registers = [registry];
const rows = new Counter({ name: "import_rows_total", help: "Rows imported.", registers });
const finished = new Gauge({ name: "import_end_seconds", help: "When it ended.", registers });

rows.inc(3);
finished.setToCurrentTime();

const { body, contentType } = await render(registry);
const response = await fetch("http://127.0.0.1:9091/metrics/job/import", {
  method: "PUT",
  headers: { "Content-Type": contentType },
  body,
});
if (!response.ok) throw new Error(`The Pushgateway answered ${response.status}`);
