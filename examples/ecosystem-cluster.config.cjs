// An application in PM2's cluster mode: its instances are one target.
module.exports = {
  apps: [
    {
      name: "shop",
      script: "app.mjs",
      instances: 3,
      exec_mode: "cluster",
      node_args: "--import promhttp/register", // not `env`: there it comes too late
      pmx: false, // PM2's own probes keep an application running that has closed its server
      kill_timeout: 6_000, // without it, PM2 kills what has not ended 1.6 s after SIGINT
    },
  ],
};
