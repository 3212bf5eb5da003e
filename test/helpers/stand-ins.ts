// What the examples of exporters ask, as small as it can be.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { Server } from "node:net";

/** A server on a port of its own, until it is disposed of. */
export interface StandIn extends AsyncDisposable {
  readonly port: number;
  /** How many connections are open. */
  connections(): number;
}

/** Lets a server listen on the loopback. */
export async function standIn(server: Server): Promise<StandIn> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    // A client may go at any time.
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It has no port");
  return {
    port: address.port,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A plug of Shelly as its documentation shows it, of both generations at once. */
export function standInPlug(): Promise<StandIn> {
  const answers: ReadonlyMap<string, object> = new Map<string, object>([
    ["/rpc/Switch.GetStatus?id=0", GEN_2],
    ["/status", GEN_1],
  ]);
  const listener: RequestListener = ({ url = "" }, response) => {
    const answer = answers.get(url);
    response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer));
  };
  return standIn(createServer(listener));
}

/** Energy in watt-hours. */
const GEN_2 = {
  id: 0,
  source: "init",
  output: true,
  apower: 8.5,
  voltage: 225.9,
  current: 0.04,
  aenergy: { total: 11.5, by_minute: [1.1, 1.2, 1.3], minute_ts: 1_654_511_972 },
  temperature: { tC: 53.3, tF: 127.9 },
};

/** Energy in watt-minutes. */
const GEN_1 = {
  relays: [{ ison: false, has_timer: false, overpower: false, source: "input" }],
  meters: [{ power: 0, is_valid: true, timestamp: 1_580_000_000, counters: [0, 0, 0], total: 690 }],
  temperature: 21.5,
  uptime: 42,
};

/** What a plug of each generation is known by. */
export const PLUG_SAMPLES = {
  gen2: {
    shelly_on: 1,
    shelly_power_watts: 8.5,
    shelly_energy_joules_total: 41_400,
    shelly_temperature_celsius: 53.3,
  },
  gen1: {
    shelly_on: 0,
    shelly_power_watts: 0,
    shelly_energy_joules_total: 41_400,
    shelly_temperature_celsius: 21.5,
  },
} as const;
