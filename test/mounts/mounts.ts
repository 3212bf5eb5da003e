import "reflect-metadata";
import { createServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { listen, type Mount, type Mounted, mounted, mountOnNode } from "../helpers/with-mount.ts";

/** Every way to mount a handler that the documentation names and Node can run. */
export const MOUNTS: Readonly<Record<string, Mount>> = {
  "node:http": mountOnNode,

  "Express, by path": (handler) => listen(createServer(express().all("/metrics", handler))),

  "Express, by prefix": (handler) => listen(createServer(express().use("/metrics", handler))),

  async Fastify(handler) {
    const app = fastify();
    app.all("/metrics", (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return mounted(app.server, () => app.close());
  },

  Koa(handler) {
    const app = new Koa().use((ctx) => {
      ctx.respond = false;
      handler(ctx.req, ctx.res);
    });
    return listen(createServer(app.callback()));
  },

  async NestJS(handler) {
    class AppModule {}
    Module({})(AppModule);
    const app = await NestFactory.create(AppModule, { logger: false });
    app.use("/metrics", handler);
    await app.listen(0, "127.0.0.1");
    return mounted(app.getHttpServer(), () => app.close());
  },

  Hono(handler) {
    const app = new Hono().all("/metrics", (c) => handler.fetch(c.req.raw));
    return serveFetch(app.fetch);
  },
};

/** Serves a function of the Fetch API, as an application of Hono does on Node. */
export function serveFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Mounted> {
  // Without options it is a server of `node:http`.
  return listen(createAdaptorServer({ fetch }) as Server);
}
