import type { Probe } from "../model/probe.ts";
import { checkProbe } from "../probe/check-probe.ts";
import { createProbeEndpoint } from "../probe/probe-endpoint.ts";
import type { Endpoint, EndpointParts, OwnEndpoint } from "./endpoint.ts";

/**
 * Checks the probe of a handler, and makes its endpoint.
 *
 * @param own Keeps what the application declares.
 * @throws {TypeError} For an entry of a wrong type.
 * @throws {RangeError} For an entry that is out of range.
 */
export function openProbe(
  probe: Probe,
  own: OwnEndpoint,
  { options, log }: Pick<EndpointParts, "options" | "log">,
): Endpoint {
  checkProbe("probe", probe);
  const { status, lock } = own.parts;
  const { scrape, close } = createProbeEndpoint(probe, {
    path: undefined,
    ...{ options, log, status, lock },
  });
  return {
    ...own,
    scrape,
    close() {
      void own.close();
      close();
    },
  };
}
