import type { Guard } from "../../http/access/guard.ts";
import { NOT_FOUND } from "../../http/fixed-answers.ts";
import { createRoutes, routeOf } from "../../http/routes.ts";
import { describeAddress } from "../../options/address.ts";
import type { ResolvedOptions } from "../../options/options.ts";
import { parseAddress } from "../../options/parse-address.ts";
import { createRequestListener, type RequestContext } from "../requests.ts";
import { openPort, type Port, type PortParts } from "./port.ts";

/**
 * Opens a port, and the one of the option `healthAddress`, which is for probes: it speaks no TLS, asks for no
 * credentials, and tells nothing but the health of the process. So it has no network and no host to keep out.
 *
 * It opens before the other, so that a name of systemd's sockets can be taken out of all; if one of the two
 * cannot be opened, neither is. Both close together.
 *
 * @throws {ListenError} When the system refuses.
 */
export async function openWithHealth(parts: PortParts, context: RequestContext): Promise<Port> {
  const health = await openHealthPort(parts, context);
  const port = await openPort(parts).catch(async (error: unknown) => {
    await health.drain();
    throw error;
  });
  return {
    address: port.address,
    get connectionCount() {
      return port.connectionCount;
    },
    closed: Promise.all([port.closed, health.closed]).then(() => {}),
    async drain() {
      await Promise.all([port.drain(), health.drain()]);
    },
  };
}

function openHealthPort(parts: PortParts, context: RequestContext): Promise<Port> {
  const target = parseAddress(parts.options.healthAddress);
  const options = { ...context.options, allowedHosts: undefined };
  const guard = createHealthGuard(options);
  return openPort({
    ...parts,
    target,
    label: describeAddress(target),
    onRequest: createRequestListener({ ...context, options, guard }),
    layer: undefined,
    // Its owner may close a server that was given, and the metrics are still served.
    onClosed() {},
  });
}

/** Finds nothing but the health of the process, whatever the method. */
function createHealthGuard(
  options: Pick<ResolvedOptions, "path" | "landingPage" | "workers">,
): Guard {
  const routes = createRoutes(options);
  return {
    headers: {},
    admit({ head }) {
      const route = routeOf("GET", head.target, routes);
      return route === "healthy" || route === "ready" ? undefined : NOT_FOUND;
    },
    hostRefused() {},
  };
}
