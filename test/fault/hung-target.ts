import { once } from "node:events";
import { get } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { MetricFamily, ProbeContext } from "../../src/index.ts";
import { turnsUntil } from "../helpers/turns.ts";

/** A target that accepts connections, and never answers. */
export interface HungTarget {
  readonly port: number;
  /** How many connections it has accepted. */
  readonly accepted: number;
  /** Waits until as many of its connections are open. */
  untilOpen(count: number): Promise<void>;
  /** Closes all of its connections, without an answer. */
  hangUp(): void;
  close(): Promise<void>;
}

/** Opens a target at every loopback address. */
export async function openHungTarget(): Promise<HungTarget> {
  const open = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.resume();
  });
  const hangUp = () => {
    for (const socket of open) socket.destroy();
  };
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    untilOpen: (count) => turnsUntil(`${count} are open`, () => open.size === count),
    hangUp,
    async close() {
      hangUp();
      server.close();
      await once(server, "close");
    },
  };
}

/** A probe as one is written: it asks its target over HTTP, and ends with its signal. */
export async function askOverHttp({
  target,
  signal,
  lookup,
}: ProbeContext): Promise<readonly MetricFamily[]> {
  const request = get(`http://${target.authority}/`, { signal, lookup, agent: false });
  const [response] = await once(request, "response");
  response.resume();
  const metrics = [{ labels: {}, value: response.statusCode }];
  return [{ name: "probe_http_status_code", help: "The status.", type: "gauge", metrics }];
}
