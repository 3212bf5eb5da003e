import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { IMetricReader } from "@opentelemetry/sdk-metrics";
import type { Sdk } from "../sdk.ts";
import { runApplication } from "./application.ts";
import { recordDiagnostics } from "./diagnostics.ts";
import { listensAt } from "./listening.ts";
import type { Served, Subject, TestOptions } from "./subject.ts";

/** What is used of `@opentelemetry/exporter-prometheus`. */
interface Exporter extends IMetricReader {
  getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): void;
}

/** The exporter of an SDK. */
export function exporterOf(sdk: Sdk): Subject {
  const { PrometheusExporter } = sdk.require("@opentelemetry/exporter-prometheus") as {
    readonly PrometheusExporter: new (options: object) => Exporter;
  };
  const make = (options: TestOptions) =>
    new PrometheusExporter({ ...inItsWords(options), preventServerStart: true });
  return {
    name: "the exporter",
    sdk,
    makeReader: () => make({}),
    listensAt: () => listensAt(sdk, "@opentelemetry/exporter-prometheus"),
    async serve(application, options = {}): Promise<Served> {
      const exporter = make(options);
      const provider = runApplication(sdk, exporter, application);
      const diagnostics = recordDiagnostics(sdk);
      // Its own server cannot listen at any free port.
      const server = createServer((request, response) =>
        exporter.getMetricsRequestHandler(request, response),
      );
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      return {
        provider,
        url: `http://127.0.0.1:${port}/metrics`,
        log: diagnostics.lines,
        async close() {
          server.close();
          server.closeAllConnections();
          await once(server, "close");
          diagnostics.end();
        },
      };
    },
  };
}

/** Its options for ours. What it has no option for, it does not get. */
function inItsWords(options: TestOptions): object {
  const { prefix, metricProducers, resourceConstantLabels } = options;
  return {
    prefix,
    metricProducers,
    withoutScopeInfo: options.scopeInfoEnabled === false,
    withoutTargetInfo: options.targetInfoEnabled === false,
    ...(resourceConstantLabels instanceof RegExp && {
      withResourceConstantLabels: resourceConstantLabels,
    }),
  };
}
