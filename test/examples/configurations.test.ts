import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { resolveOptions } from "../../src/options/rules.ts";
import { parseCommand } from "../../src/programs/cli/flags/flags.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../examples/${name}`, import.meta.url), "utf8");

const UNITS = ["promhttp.service", "secure/my-exporter.service", "secure/notifying.service"];

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

for (const name of UNITS) {
  const unit = read(name);

  test(`the flags of ${name} are flags of the program`, () => {
    const [, line = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const [node, program, ...args] = line.split(" ");
    assert.match(`${node} ${program}`, /^\/usr\/bin\/node node_modules\/promhttp\/dist\/cli\.js$/);
    assert.equal(parseCommand(args).kind, "serve");
  });

  test(`every section of ${name} is one that systemd knows, and every line a setting`, () => {
    for (const line of unit.split("\n")) {
      assert.match(line, /^(?:#.*|\[(?:Unit|Service|Install)\]|[A-Z]\w+=\S.*|)$/);
    }
  });

  test(`systemd takes ${name} without a warning`, { skip: !hasSystemd }, async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, "my-exporter.service");
      // It looks whether the program is there.
      await writeFile(file, unit.replace("/usr/bin/node", process.execPath));
      await writeFile(join(folder, "my-exporter.socket"), read("secure/my-exporter.socket"));
      const command = ["verify", file];
      const { status, stderr } = spawnSync("systemd-analyze", command, { encoding: "utf8" });
      const aboutUnit = stderr.split("\n").filter((line) => line.includes("my-exporter"));
      assert.deepEqual([status, aboutUnit], [0, []]);
    });
  });
}

test("Prometheus looks for the port that the program listens on by default", () => {
  const { scrape_configs: jobs } = parse(read("prometheus.yml"));
  const targets = jobs.flatMap(({ static_configs }: { static_configs: { targets: string[] }[] }) =>
    static_configs.flatMap((group) => group.targets),
  );
  assert.deepEqual([...new Set(targets)], [`localhost:${defaultPort()}`]);
});

test("the PodMonitor finds the pods of the deployment, and their port by its name", () => {
  const [deployment, monitor] = parseAllDocuments(read("pod-monitor.yaml")).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], []);
    return document.toJS();
  });
  assert.deepEqual([deployment.kind, monitor.kind], ["Deployment", "PodMonitor"]);
  const { metadata, spec } = deployment.spec.template;
  assert.deepEqual(monitor.spec.selector.matchLabels, metadata.labels);
  assert.deepEqual(deployment.spec.selector.matchLabels, metadata.labels);

  const [container] = spec.containers;
  const [{ name, containerPort }] = container.ports;
  assert.equal(containerPort, defaultPort());
  assert.equal(monitor.spec.podMetricsEndpoints[0].port, name);
  assert.equal(container.livenessProbe.httpGet.port, name);

  const [program, ...args] = container.command;
  assert.equal(program, "node_modules/.bin/promhttp");
  assert.equal(parseCommand(args).kind, "serve");
});

test("the pod has time for preStop, the probe, the delay and the last scrapes", () => {
  const [deployment] = parseAllDocuments(read("pod-monitor.yaml")).map((each) => each.toJS());
  const { terminationGracePeriodSeconds, containers } = deployment.spec.template.spec;
  const [{ command, ports, readinessProbe, lifecycle }] = containers;
  const parsed = parseCommand(command.slice(1));
  assert.ok(parsed.kind === "serve");
  const delaySeconds = parsed.settings.shutdownDelayMs / 1_000;

  const { httpGet, periodSeconds, failureThreshold } = readinessProbe;
  assert.deepEqual(httpGet, { path: "/-/ready", port: ports[0].name });
  assert.ok(periodSeconds * failureThreshold < delaySeconds);

  const [program, seconds] = lifecycle.preStop.exec.command;
  assert.equal(program, "sleep");
  // A module's own `close()` has five seconds, too.
  const drainSeconds = resolveOptions().drainTimeoutMs / 1_000 + 5;
  const allSeconds = Number(seconds) + delaySeconds + drainSeconds;
  assert.ok(allSeconds < terminationGracePeriodSeconds, `${allSeconds} s`);
});

test("the annotations of the deployment name what the program serves", () => {
  const { metadata, spec } = parse(read("annotated-deployment.yaml")).spec.template;
  assert.deepEqual(metadata.annotations, {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": `${defaultPort()}`,
    "prometheus.io/path": resolveOptions().path,
  });
  const [{ command, ports }] = spec.containers;
  assert.equal(ports[0].containerPort, defaultPort());
  assert.equal(parseCommand(command.slice(1)).kind, "serve");
});

/** The port of the program when nobody names one. */
function defaultPort(): number {
  const command = parseCommand([]);
  assert.ok(command.kind === "serve");
  return Number(`${command.settings.addresses[0]}`.replace(":", ""));
}
