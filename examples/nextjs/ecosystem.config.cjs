// Next.js in PM2's cluster mode: its instances are one target.
module.exports = {
  apps: [
    {
      name: "shop",
      script: "node_modules/next/dist/bin/next", // not npm, which starts it outside of the cluster
      args: "start",
      instances: 2,
      exec_mode: "cluster",
      node_args: "--import promhttp/register",
      kill_timeout: 6_000, // without it, PM2 kills what has not ended 1.6 s after SIGINT
    },
  ],
};
