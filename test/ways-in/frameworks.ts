import "reflect-metadata";
import { createServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import express from "express";
import fastify from "fastify";
import { createApp, fromNodeMiddleware, toNodeListener } from "h3";
import { Hono } from "hono";
import Koa from "koa";
import { listen, type Mounted, mounted } from "../helpers/http/with-mount.ts";
import { mountWay, OVER_FETCH } from "./node-ways.ts";
import type { Way } from "./way.ts";

/** A handler in each framework that the documentation names and Node can run. */
export const FRAMEWORKS: readonly Way[] = [
  mountWay("Express by path", (handler) =>
    listen(createServer(express().all("/metrics", handler))),
  ),

  mountWay("Express by prefix", (handler) =>
    listen(createServer(express().use("/metrics", handler))),
  ),

  mountWay("Fastify", async (handler) => {
    const app = fastify();
    app.all("/metrics", (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return mounted(app.server, () => app.close());
  }),

  mountWay("Koa", (handler) => {
    const app = new Koa().use((ctx) => {
      ctx.respond = false;
      handler(ctx.req, ctx.res);
    });
    return listen(createServer(app.callback()));
  }),

  mountWay("NestJS", async (handler) => {
    class AppModule {}
    Module({})(AppModule);
    const app = await NestFactory.create(AppModule, { logger: false });
    app.use("/metrics", handler);
    await app.listen(0, "127.0.0.1");
    return mounted(app.getHttpServer(), () => app.close());
  }),

  mountWay("h3", (handler) => {
    const app = createApp().use("/metrics", fromNodeMiddleware(handler));
    return listen(createServer(toNodeListener(app)));
  }),

  {
    ...OVER_FETCH,
    ...mountWay("Hono", (handler) =>
      serveFetch(new Hono().all("/metrics", (c) => handler.fetch(c.req.raw)).fetch),
    ),
  },
];

/** Serves a function of the Fetch API, as an application of Hono does on Node. */
export function serveFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Mounted> {
  // Without options it is a server of `node:http`.
  return listen(createAdaptorServer({ fetch }) as Server);
}
