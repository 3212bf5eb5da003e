// Sources that have names, which a scrape may pick, and one that reads a parameter of the scrape.
import { availableParallelism } from "node:os";
import { register } from "prom-client";
import { Server } from "promhttp";

const ROOMS = { kitchen: 21.5, office: 19 };

/** @type {import("promhttp").Gatherer} */
const rooms = {
  params: ["room"],
  gather({ params: { room } }) {
    const asked = Object.entries(ROOMS).filter(([name]) => room === undefined || name === room);
    const metrics = asked.map(([name, value]) => ({ labels: { room: name }, value }));
    return { families: [{ name: "room_celsius", help: "Warmth.", type: "gauge", metrics }] };
  },
};

/** @type {import("promhttp").Gatherer} */
const cpu = {
  gather() {
    const metrics = [{ labels: {}, value: availableParallelism() }];
    return { families: [{ name: "cpu_cores", help: "Cores.", type: "gauge", metrics }] };
  },
};

const server = await Server.listen({ process: register, cpu, rooms }, ":9464");
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
