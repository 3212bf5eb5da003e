import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Sdk } from "../sdk.ts";

/** Where an application is going to listen. */
export interface Listening {
  /** The port that it asks for. */
  readonly port: number;
  /** The address that it gets. */
  readonly address: string;
}

/**
 * Starts an application in the folder of an SDK, which makes an exporter without options.
 *
 * @param specifier What has the class, from there.
 */
export async function listensAt({ folder }: Sdk, specifier: string): Promise<Listening> {
  const {
    OTEL_EXPORTER_PROMETHEUS_HOST: _,
    OTEL_EXPORTER_PROMETHEUS_PORT: __,
    ...env
  } = process.env;
  const args = ["--eval", applicationOf(specifier)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  return JSON.parse(stdout) as Listening;
}

/** It listens at any free port, since that of the exporters may be taken. */
const applicationOf = (specifier: string) => `
  const { Server } = require("node:net");
  const { listen } = Server.prototype;
  Server.prototype.listen = function (options, ...others) {
    this.once("listening", () => {
      const { address } = this.address();
      process.stdout.write(JSON.stringify({ port: options.port, address }), () => process.exit());
    });
    return listen.call(this, { ...options, port: 0 }, ...others);
  };
  const { PrometheusExporter } = require(${JSON.stringify(specifier)});
  new PrometheusExporter();
`;
