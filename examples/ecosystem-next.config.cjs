// Next.js in PM2's cluster mode: its instances are one target.
module.exports = {
  apps: [
    {
      name: "shop",
      script: "node_modules/next/dist/bin/next",
      args: "start",
      instances: 2,
      exec_mode: "cluster",
      node_args: "--import promhttp/register",
      kill_timeout: 6_000,
    },
  ],
};
