// What only some can do.
import assert from "node:assert/strict";
import { assertAnswered, assertSame, assertValue, matching, valueIn } from "../samples.mjs";
import { count } from "../steps.mjs";

export const WAYS = [
  {
    row: 51,
    title: "one worker alone (`?worker=1`), and the targets for service discovery",
    isOursOnly: true,
    async run(app) {
      await count(app.workers, 5);
      await app.scrape();
      const targets = JSON.parse((await app.scrape({ path: "/-/targets" })).body);
      const slots = targets.map(({ labels }) => labels.__param_worker);
      assertSame(slots.sort(), ["0", "1", "2", "3"], "targets");
      const answer = await app.scrape({ path: "/metrics?worker=1" });
      assertValue(answer, "c_total", 5);
      assertSame(matching(answer.body, "c_total", { worker: "" }).length, 1, "worker label:");
      const unknown = await app.scrape({ path: "/metrics?worker=77" });
      assertSame([unknown.status, unknown.body.length], [404, 0]);
    },
  },
  {
    row: 52,
    title: "`name[]` reaches the workers",
    isOursOnly: true,
    async run(app) {
      await count(app.workers);
      await Promise.all(
        app.workers.map((worker) =>
          worker.run(({ client }) => {
            globalThis.collections = 0;
            const collect = () => {
              globalThis.collections++;
            };
            new client.Gauge({ name: "other", help: "h", collect });
          }),
        ),
      );
      const answer = await app.scrape({ path: "/metrics?name[]=c_total" });
      assertAnswered(answer);
      assert.equal(valueIn(answer.body, "c_total"), "3");
      assertSame(matching(answer.body, "other").length, 0, "others:");
      const runs = await Promise.all(
        app.workers.map((worker) => worker.run(() => globalThis.collections)),
      );
      assertSame(runs, [0, 0, 0], "collections:");
      // What was not asked for is there at the next scrape.
      assertValue(await app.scrape(), "c_total", 3);
      assertSame(matching((await app.scrape()).body, "other").length, 1);
    },
  },
];
