import { readEnvironment, setMark } from "../environment.ts";
import { findGroup } from "./group-key.ts";
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
 * @param group The name that the user has given to the group.
 * @param address The address as the user wrote it; `undefined` for a handler.
 * @throws {Error} With the reason, for a log line, where they cannot meet.
 */
export function meet(group: string | undefined, address: string | undefined): Meeting {
  const environment = readEnvironment();
  const { key, mark, inherited } = findGroup({ environment, group, address });
  const { platform, uid, runtimeFolder: named, temporaryFolder: temporary } = environment;
  const folder = openRuntimeFolder({
    ...{ platform, uid, named, temporary },
    inherited: inherited?.folder,
  });
  setMark(addToMark(environment.mark, { ...mark, folder: folder.path }));
  return { folder, key };
}
