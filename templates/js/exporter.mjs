// An exporter. /metrics shows how full a folder is, /probe whether a target accepts connections.
// The guide says how to go on: node_modules/promhttp/docs/guide/exporters.md
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";

/** Its own flags: `npm start -- --folder.path=/var/spool`. */
export const flags = {
  "folder.path": {
    type: "string",
    default: ".",
    env: "FOLDER_PATH",
    help: "Folder whose entries are counted.",
  },
  "probe.allow": {
    type: "string",
    multiple: true,
    required: true,
    env: "PROBE_ALLOW",
    help: "Host, domain or network that may be probed.",
  },
};

/** What /metrics serves: each scrape counts anew. */
export function registry({ "folder.path": path }) {
  return {
    async gather() {
      const entries = await readdir(path);
      const family = gauge("folder_entries", "Files and folders in it.", entries.length, { path });
      return { families: [family] };
    },
  };
}

/** What /probe serves: it connects to targets that the flag allows. */
export function probe({ "probe.allow": allow }) {
  return {
    allow,
    async probe({ target: { host, port = 443 }, lookup, signal }) {
      // A name may lead anywhere: `lookup` finds only addresses that are allowed.
      const socket = connect({ host, port, lookup, signal });
      try {
        await once(socket, "connect");
        const version = socket.remoteFamily === "IPv6" ? 6 : 4;
        return [gauge("probe_ip_protocol", "Version of IP, 4 or 6.", version)];
      } finally {
        socket.destroy();
      }
    },
  };
}

function gauge(name, help, value, labels = {}) {
  return { name, help, type: "gauge", metrics: [{ labels, value }] };
}
