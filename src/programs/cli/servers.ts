import type { AddressInfo } from "node:net";
import { Server } from "../../index.ts";
import { createLog } from "../../log.ts";
import { describeAddress } from "../../options/address.ts";
import { parseAddress } from "../../options/parse-address.ts";
import { resolveOptions } from "../../options/rules.ts";
import { failOrCrash } from "./exit.ts";
import type { Settings } from "./flags/flags.ts";
import type { LoadedExporter } from "./load.ts";
import { type ProgramLog, toLogger } from "./log.ts";

/**
 * Listens on every address, or on none.
 *
 * Each address is a server of its own, with its own counts and limits. Whatever it cannot listen on, or a
 * file that cannot be honoured, ends the program.
 */
export async function listen(
  settings: Settings,
  { source, paths, onScrape }: LoadedExporter,
  log: ProgramLog,
): Promise<readonly Server[]> {
  const { path, maxRequestsInFlight, maxHeaderBytes, selfMetrics, shutdownDelayMs, thread } =
    settings;
  const limits = { maxRequestsInFlight, maxHeaderBytes, shutdownDelayMs };
  const logger = toLogger(log);
  const what = { path, paths, onScrape, selfMetrics, thread };
  const options = { ...what, ...limits, logger, ...settings.security };
  // One of them answers for the health of the process, which they have in common.
  let { healthAddress } = settings;
  const servers: Server[] = [];
  try {
    for (const address of settings.addresses) {
      servers.push(await Server.listen(source, address, { ...options, healthAddress }));
      healthAddress = undefined;
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    return failOrCrash(error, log);
  }
  for (const server of servers) announce(server, log);
  if (paths !== undefined)
    log.info("Serving further paths", { paths: Object.keys(paths).join(",") });
  if (settings.healthAddress !== undefined) {
    const address = describeAddress(parseAddress(settings.healthAddress));
    log.info("Answering only for health on", { address });
  }
  return servers;
}

/** Says where a server is, as the official exporters do. */
function announce({ address, url, isTls }: Server, log: ProgramLog): void {
  const name = nameOf(address);
  log.info("Listening on", { address: name, url });
  log.info(isTls ? "TLS is enabled." : "TLS is disabled.", { http2: "false", address: name });
}

/** Formats an address as exporters do: `[::]:9464`. */
function nameOf(address: AddressInfo | string): string {
  if (typeof address === "string") return address;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

/**
 * Checks the files that the command line names, as each server does before it listens. What cannot be honoured
 * ends the program; what may be a mistake is logged.
 */
export async function checkFiles(
  { addresses, security }: Settings,
  log: ProgramLog,
): Promise<void> {
  const logger = toLogger(log);
  const parts = { options: resolveOptions({ ...security, logger }), log: createLog(logger) };
  const { openSecurity } = await import("../../server/security.ts");
  try {
    for (const address of addresses) {
      const checked = await openSecurity({ ...parts, target: parseAddress(address) });
      checked.close();
    }
  } catch (error) {
    return failOrCrash(error, log);
  }
  log.info("The files are valid");
}
