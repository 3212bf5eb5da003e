// Metrics beside the controllers of a NestJS application on Express.
import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { collectDefaultMetrics, register } from "prom-client";
import { createHandler } from "promhttp";

collectDefaultMetrics();

class AppModule {}
Module({})(AppModule); // in TypeScript: @Module({})

const app = await NestFactory.create(AppModule);
app.use("/metrics", createHandler(register));

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close());
await app.listen(9464);
