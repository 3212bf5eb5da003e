import type { Controls } from "../options/options.ts";
import { createEndpoint, type EndpointParts, type OwnEndpoint } from "./endpoint.ts";
import { createEndpoints } from "./endpoints.ts";
import { createGroupEndpoint, type GroupEndpoint } from "./group-endpoint.ts";
import { joinGroup } from "./late-endpoint.ts";
import type { ServedPaths } from "./served-paths.ts";

/** What a process in a group answers with. */
export interface GroupEndpoints {
  /** Where there is no group. */
  readonly alone: OwnEndpoint;
  readonly group: GroupEndpoint;
  readonly controls: Controls;
}

/**
 * Makes the endpoint of a process that is to join the others of its application, and with it what answers at
 * each further path. What is gathered there has a group of its own, whose hub may be another process: it joins
 * at once. Probes run in whichever process gets the request.
 *
 * @throws {RangeError} When a rule of a probe cannot be read.
 */
export async function createGroupEndpoints(
  given: EndpointParts,
  served: ServedPaths,
  address: string | undefined,
): Promise<GroupEndpoints> {
  const { main, parts, controls } = await createEndpoints(given, served, (partsAt, path) =>
    joinGroup(partsAt, createEndpoint(partsAt), { address, path }),
  );
  const group = createGroupEndpoint(parts, main, { address });
  return {
    alone: main,
    group,
    controls: {
      update: group.update,
      setReady: group.setReady,
      setFailing(message) {
        group.setFailing(message);
        controls.setFailing(message);
      },
      setOk() {
        group.setOk();
        controls.setOk();
      },
    },
  };
}
