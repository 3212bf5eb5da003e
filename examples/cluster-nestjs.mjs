// NestJS in two workers of a cluster: the metrics of both, on the port that they share.
import "reflect-metadata";
import cluster from "node:cluster";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { collectDefaultMetrics, register } from "prom-client";
import { createHandler } from "promhttp";

class AppModule {}
Module({})(AppModule); // in TypeScript: @Module({})

async function serve() {
  collectDefaultMetrics();
  const app = await NestFactory.create(AppModule);
  app.use("/metrics", createHandler(register, { workers: true }));
  process.once("disconnect", () => app.close());
  await app.listen(9464);
}

if (cluster.isPrimary) for (let count = 0; count < 2; count++) cluster.fork();
else await serve();

// Ctrl-C reaches all processes; the primary asks the workers to end.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    if (cluster.isPrimary) cluster.disconnect();
  });
}
