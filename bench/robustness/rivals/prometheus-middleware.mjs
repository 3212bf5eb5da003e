// prometheus-middleware: node bench/robustness/rivals/prometheus-middleware.mjs <port> <fault>
import Apm from "prometheus-middleware";
import { addMetrics } from "./metrics.mjs";

const [port, fault] = process.argv.slice(2);
const apm = new Apm({ PORT: Number(port) });
apm.init();
addMetrics(apm.client, fault);
apm.server.once("listening", () => console.log(`listening ${port}`));
