/** Each client library with its own `metrics()`, ours, ours that keeps nothing, and ours in a thread. */
export const LIBRARIES = [
  {
    rival: "prom-client",
    ours: "promhttp on prom-client",
    kept0: "nothing kept, prom-client",
    thread: "thread, prom-client",
  },
  {
    rival: "@prometheus-io/client",
    ours: "promhttp on @prometheus-io",
    kept0: "nothing kept, @prometheus-io",
    thread: "thread, @prometheus-io",
  },
];
