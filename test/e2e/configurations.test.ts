import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { Server } from "../../src/index.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { failedScrapes, startPrometheus } from "./programs.ts";

const pathOf = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const parseExample = (name: string) => parse(readFileSync(pathOf(name), "utf8"));

test("Prometheus takes the example of its configuration", () => {
  execFileSync("promtool", ["check", "config", pathOf("prometheus.yml")]);
});

test("Prometheus takes the examples of its alerts", () => {
  const names = [
    "prometheus-worker-alerts.yml",
    "prometheus-thread-alerts.yml",
    "secure/alerts.yml",
  ];
  for (const name of names) execFileSync("promtool", ["check", "rules", pathOf(name)]);
});

test("the alerts for a server in a thread fire when the guide says so, and a rate is 0 meanwhile", () => {
  execFileSync("promtool", ["test", "rules", pathOf("../test/e2e/thread-alerts.yml")]);
});

test("Prometheus scrapes a pod that asks for it in its annotations, and no other", async () => {
  await using server = await Server.listen(countingGatherer(), "127.0.0.1:0", { path: "/custom" });
  const { host, port } = new URL(server.url);
  const { annotations } = parseExample("annotated-deployment.yaml").spec.template.metadata;
  const [{ relabel_configs }] = parseExample("prometheus-annotations.yml").scrape_configs;

  /** Debian's Prometheus has no Kubernetes in it, so this says what Kubernetes would. */
  const job = (name: string, target: string, own: Readonly<Record<string, string>>) => ({
    name,
    url: `http://${target}/metrics`,
    interval: "1s",
    timeout: "1s",
    discovery: {
      relabel_configs,
      labels: {
        __meta_kubernetes_namespace: "shop",
        __meta_kubernetes_pod_name: name,
        ...Object.fromEntries(
          Object.entries({ ...annotations, ...own }).map(([key, value]) => [
            `__meta_kubernetes_pod_annotation_${key.replace(/\W/g, "_")}`,
            value,
          ]),
        ),
      },
    },
  });
  const asking = { "prometheus.io/port": port, "prometheus.io/path": "/custom" };
  await using prometheus = await startPrometheus([
    job("silent", host, { ...asking, "prometheus.io/scrape": "false" }),
    // A container that declares no port is discovered without one, any other with its own.
    job("portless", "127.0.0.1", asking),
    job("other-port", "127.0.0.1:80", asking),
  ]);
  for (const name of ["portless", "other-port"]) {
    assert.equal(await failedScrapes(prometheus, name, 2), 0, name);
  }
  const targets = await prometheus.query('up{namespace="shop"}');
  assert.deepEqual(targets.map(({ metric }) => metric["pod"]).sort(), ["other-port", "portless"]);
});
