/** Each client library with its own `metrics()`, ours, and ours that keeps nothing. */
export const LIBRARIES = [
  {
    rival: "prom-client",
    ours: "promhttp on prom-client",
    kept0: "nothing kept, prom-client",
  },
  {
    rival: "@prometheus-io/client",
    ours: "promhttp on @prometheus-io",
    kept0: "nothing kept, @prometheus-io",
  },
];
