import { Application } from "../helpers/workers/application.ts";
import { newGroup, RUNTIME_FOLDER } from "../helpers/workers/own-group.ts";
import { ACCESS } from "./checks/access.ts";
import { ANSWERS, DATES_THE_PROCESS } from "./checks/answers.ts";
import { BODIES } from "./checks/bodies.ts";
import type { Check } from "./checks/check.ts";
import type { Way } from "./way.ts";

/**
 * What a way in to a group must do.
 *
 * The metrics of a worker are read as a whole before any of them is sent, so nothing there may be endless.
 * A collector that has begun goes on when the client has gone: the answer counts for later scrapes, too.
 * What fails is in `test/workers/`.
 */
export const GROUP_CHECKS: readonly Check[] = [...ANSWERS, ...ACCESS, ...BODIES].filter(
  ({ source }) => source !== "endless" && source !== "blocking",
);

/** Why no way in to a group passes a check. */
function cannot(way: Way): NonNullable<Way["cannot"]> {
  return { ...way.cannot, [DATES_THE_PROCESS]: "Its processes began at different times." };
}

/** A way in to a process that is the hub of a group without members. */
export function asHub(way: Way): Way {
  return {
    ...way,
    name: `${way.name} as the hub of a group`,
    cannot: cannot(way),
    start: ({ options, ...setup }) =>
      way.start({ ...setup, options: { ...options, workers: { group: newGroup() } } }),
  };
}

/** A way in to a member of a group whose hub, another process, has no metrics of its own. */
export function asMember(way: Way): Way {
  return {
    ...way,
    name: `${way.name} as a member of a group`,
    cannot: cannot(way),
    async start({ options, ...setup }) {
      const workers = { group: newGroup() };
      const app = await Application.open({
        kind: "fork",
        count: 1,
        // What is served is up to the hub.
        options: { workers, selfMetrics: options.selfMetrics },
        runtimeFolder: RUNTIME_FOLDER,
      });
      const running = await way.start({ ...setup, options: { ...options, workers } });
      return {
        ...running,
        async close() {
          await running.close();
          const errors = await app.close();
          if (errors !== "") running.journal.add(`error of the hub: ${errors}`);
        },
      };
    },
  };
}
