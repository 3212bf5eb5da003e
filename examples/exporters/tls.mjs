// Any TCP port: how long it takes to connect and, with the module tls, when which certificate expires.
import { once } from "node:events";
import { connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";

export const flags = {
  "targets.allow": {
    type: "string",
    multiple: true,
    default: ["any"],
    env: "TARGETS_ALLOW",
    help: "A host, a domain such as *.example.com, or a network that may be asked.",
  },
};

/** @returns {import("promhttp").Probe} */
export const probe = ({ "targets.allow": allow }) => ({
  allow,
  modules: ["tls", "tcp"],
  params: ["servername"],
  async probe({ target: { host, port = 443 }, module, params, signal, lookup }) {
    const startMs = performance.now();
    const socket = connect({ host, port, lookup });
    try {
      await once(socket, "connect", { signal });
      const seconds = (performance.now() - startMs) / 1_000;
      const connected = gauge("tcp_connect_duration_seconds", "Until TCP was connected.", seconds);
      if (module === "tcp") return [connected];
      const { servername = isIP(host) ? "" : host } = params;
      return [connected, ...(await shakeHands({ socket, host, servername }, signal))];
    } finally {
      socket.destroy();
    }
  },
});

async function shakeHands(options, signal) {
  // A certificate that is not valid is measured, too: that is when people look.
  const socket = connectTls({ ...options, rejectUnauthorized: false });
  await once(socket, "secureConnect", { signal });
  const expiries = [];
  for (let next = socket.getPeerX509Certificate(); next; next = next.issuerCertificate) {
    const labels = { depth: expiries.length, subject: next.subject.replaceAll("\n", ", ") };
    expiries.push({ labels, value: Date.parse(next.validTo) / 1_000 });
  }
  const session = { version: socket.getProtocol(), cipher: socket.getCipher().standardName };
  return [
    family("tls_certificate_not_after_timestamp_seconds", "When each one expires.", expiries),
    gauge("tls_verified", "Whether the certificate is valid.", Number(socket.authorized)),
    gauge("tls_session_info", "What was negotiated.", 1, session),
  ];
}

const gauge = (name, help, value, labels = {}) => family(name, help, [{ labels, value }]);
/** @returns {import("promhttp").MetricFamily} */
const family = (name, help, metrics) => ({ name, help, type: "gauge", metrics });
