// An exporter. /metrics shows the space of a file system, /probe whether a target accepts connections.
// The guide says how to go on: node_modules/promhttp/docs/guide/exporters.md
import { once } from "node:events";
import { statfs } from "node:fs/promises";
import { connect } from "node:net";
import type { ExporterFlags, FlagValues, Gatherer, MetricFamily, Probe } from "promhttp";

/** Its own flags: `npm start -- --disk.path=/data`. */
export const flags = {
  "disk.path": {
    type: "string",
    default: "/",
    env: "DISK_PATH",
    help: "A folder of the file system to measure.",
  },
  "probe.allow": {
    type: "string",
    multiple: true,
    required: true,
    env: "PROBE_ALLOW",
    help: "Host, domain or network that may be probed.",
  },
} satisfies ExporterFlags;

type Flags = FlagValues<typeof flags>;

/** What /metrics serves: each scrape measures anew. */
export function registry({ "disk.path": path }: Flags): Gatherer {
  return {
    async gather() {
      const { bsize, blocks, bavail } = await statfs(path);
      const size = gauge("disk_size_bytes", "Size of the file system.", blocks * bsize, { path });
      const free = gauge("disk_free_bytes", "Free space for users.", bavail * bsize, { path });
      return { families: [size, free] };
    },
  };
}

/** What /probe serves: it connects to targets that the flag allows. */
export function probe({ "probe.allow": allow }: Flags): Probe {
  return {
    allow,
    async probe({ target: { host, port = 443 }, lookup, signal }) {
      const startMs = performance.now();
      // A name may lead anywhere: `lookup` finds only addresses that are allowed.
      const socket = connect({ host, port, lookup, signal });
      try {
        await once(socket, "connect");
      } finally {
        socket.destroy();
      }
      const seconds = (performance.now() - startMs) / 1_000;
      return [gauge("probe_connect_duration_seconds", "Time that it took to connect.", seconds)];
    },
  };
}

function gauge(name: string, help: string, value: number, labels = {}): MetricFamily {
  return { name, help, type: "gauge", metrics: [{ labels, value }] };
}
