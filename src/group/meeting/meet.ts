import { readEnvironment, setMark } from "../environment.ts";
import { findGroup, type GroupFacts } from "./group-key.ts";
import { addToMark } from "./mark.ts";
import { openRuntimeFolder, type RuntimeFolder } from "./runtime-folder.ts";

/** Where the members of a group meet. */
export interface Meeting {
  readonly folder: RuntimeFolder;
  /** The name of their group. */
  readonly key: string;
}

/**
 * Finds out where the members of a group meet, and tells the processes that this one will start.
 *
 * @param facts What the application says of the group. Without a name the address tells it, and with a path it
 *   is another one.
 * @throws {Error} With the reason, for a log line, where they cannot meet.
 */
export function meet(facts: Omit<GroupFacts, "environment">): Meeting {
  const environment = readEnvironment();
  const { key, mark, inherited } = findGroup({ environment, ...facts });
  const { platform, uid, runtimeFolder: named, temporaryFolder: temporary } = environment;
  const folder = openRuntimeFolder({
    ...{ platform, uid, named, temporary },
    inherited: inherited?.folder,
  });
  setMark(addToMark(environment.mark, { ...mark, folder: folder.path }));
  return { folder, key };
}
