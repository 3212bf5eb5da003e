// Ours; an argument leaves the probe out.
import client from "prom-client";
import { Server } from "../../../dist/index.js";
import { fillShape } from "../../cost/host.mjs";
import { ask, reportRuns } from "./device.mjs";

fillShape(client, client.register, "S0");
const device = {
  allow: "any",
  async probe({ target, signal }) {
    const values = await ask(target.host, signal);
    return values.map(([name, value]) => ({
      name,
      help: "A value of the device.",
      type: "gauge",
      metrics: [{ labels: {}, value }],
    }));
  },
};
const paths = process.argv[2] === undefined ? { "/probe": device } : undefined;
const server = await Server.listen(client.register, "127.0.0.1:0", { paths, logger: false });
reportRuns(Number(new URL(server.url).port));
