import { createEndpoint } from "../../endpoint/endpoint.ts";
import { openPort } from "../listen/port.ts";
import type { Openers } from "../open-server.ts";

/** Opens what the options `paths` and `healthAddress` ask for beside the rest. */
export const OPENERS: Openers = {
  async openEndpoint(parts, paths) {
    if (paths === undefined) return createEndpoint(parts);
    const { createEndpoints } = await import("../../endpoint/endpoints.ts");
    return (await createEndpoints(parts, paths)).main;
  },
  async openPort(parts, context) {
    if (parts.options.healthAddress === undefined) return openPort(parts);
    const { openWithHealth } = await import("../listen/health-port.ts");
    return openWithHealth(parts, context);
  },
};
