import type { Probe } from "../model/probe.ts";
import { createEndpoint, type Endpoint, type EndpointParts } from "./endpoint.ts";

/**
 * Makes the endpoint of a handler that serves one probe. The code of probes is not part of the entry:
 * requests that come before it has been loaded wait for it.
 */
export function probeLater(probe: Probe, parts: Omit<EndpointParts, "gatherer">): Endpoint {
  const { options, log } = parts;
  // What the application declares is kept there. It answers where there is no probe, with the reason in the log.
  const own = createEndpoint({ ...parts, gatherer: { gather: () => loading.then(() => NOTHING) } });
  const { status, lock } = own.parts;
  const loading = import("../probe/probe-endpoint.ts").then(({ createProbeEndpoint }) =>
    createProbeEndpoint(probe, { path: undefined, options, log, status, lock }),
  );
  loading.catch((error: unknown) => log.error("Cannot serve the probe", error));
  return {
    ...own,
    scrape: (request) =>
      loading.then(
        ({ scrape }) => scrape(request),
        () => own.scrape(request),
      ),
    close() {
      void own.close();
      void loading.then(
        ({ close }) => close(),
        () => {},
      );
    },
  };
}

const NOTHING = { families: [] };
