// Next.js in the workers of a cluster: node cluster.mjs.
import cluster from "node:cluster";

cluster.setupPrimary({ exec: "node_modules/next/dist/bin/next", args: ["start"] });
for (let count = 0; count < 2; count++) cluster.fork();

const restart = () => cluster.fork();
cluster.on("exit", restart);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    cluster.off("exit", restart);
    for (const worker of Object.values(cluster.workers)) worker.kill(signal);
  });
}
