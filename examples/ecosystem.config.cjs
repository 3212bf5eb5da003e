// An application under PM2, with the preload.
module.exports = {
  apps: [
    {
      name: "shop",
      script: "app.mjs",
      node_args: "--import promhttp/register",
      pmx: false, // PM2's own probes keep an application running that has closed its server
      kill_timeout: 6_000, // without it, PM2 kills what has not ended 1.6 s after SIGINT
    },
  ],
};
