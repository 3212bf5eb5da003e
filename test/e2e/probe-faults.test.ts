// What Prometheus shows of a probe that did not run, and what the guide says of it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type Probe, type ProbeContext, Server } from "../../src/index.ts";
import { readDocument, sectionOf } from "../docs/documents.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { eventually, type Scraper, startPrometheus } from "./programs.ts";

test("Prometheus shows for each fault of a probe what the guide says", async () => {
  const untilAborted = async ({ signal }: ProbeContext): Promise<never> => {
    await once(signal, "abort");
    throw signal.reason;
  };
  const probe: Probe = {
    allow: "127.0.0.1",
    modules: ["slow"],
    maxInFlight: 1,
    probe: untilAborted,
  };
  const failing: Probe = {
    allow: "127.0.0.1",
    onFailure: "error",
    probe() {
      throw new Error("the target hangs up");
    },
  };
  await using server = await Server.listen(countingGatherer(), "127.0.0.1:0", {
    ...{ paths: { "/probe": probe, "/failing": failing }, logger: false },
  });
  const { host } = new URL(server.url);
  const faults: Readonly<Record<string, [row: string, params: object, place?: string]>> = {
    unreadable: ["cannot be read", { target: ["127.1"] }],
    unknown: ["the module is unknown", { target: ["127.0.0.1"], module: ["quick"] }],
    forbidden: ["may not be asked", { target: ["10.0.0.7"] }],
    failed: ["the probe failed", { target: ["127.0.0.1"] }, `${host}/failing`],
    absent: ["is not there", {}, `127.0.0.1:${await freePort()}/probe`],
    busy: ["too many", { target: ["127.0.0.1:1"] }],
    alsoBusy: ["too many", { target: ["127.0.0.1:2"] }],
  };
  const jobs = Object.entries(faults).map(([name, [, params, place = `${host}/probe`]]) => ({
    ...{ name, interval: "1s", timeout: "1s", settings: { params } },
    url: `http://${place}`,
  }));
  await using prometheus = await startPrometheus(jobs);
  const guide = sectionOf(readDocument("docs/guide/exporters.md"), "Many targets");
  const rows = guide.match(/^\| `(?:HTTP status|connection) .*/gm) ?? [];
  const seen = new Set<string>();
  for (const [name, [about]] of Object.entries(faults)) {
    const row = rows.find((candidate) => candidate.includes(about)) ?? assert.fail(about);
    const [, text = ""] = /`([^`]+)`/.exec(row) ?? [];
    seen.add(row);
    // Of those that exclude each other, either may be the first.
    const names = about === "too many" ? ["busy", "alsoBusy"] : [name];
    await eventually(`"${text}" for ${name}`, async () => {
      const errors = await lastErrors(prometheus);
      return names.some((each) => errors.get(each)?.includes(text)) || undefined;
    });
  }
  assert.equal(seen.size, rows.length);
});

interface TargetsAnswer {
  readonly data: {
    readonly activeTargets: readonly { readonly scrapePool: string; readonly lastError: string }[];
  };
}

/** What the page of targets says of each job. */
async function lastErrors(prometheus: Scraper): Promise<ReadonlyMap<string, string>> {
  const { data } = (await prometheus.get("/api/v1/targets")) as TargetsAnswer;
  return new Map(data.activeTargets.map(({ scrapePool, lastError }) => [scrapePool, lastError]));
}
