import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseCommand } from "../../src/cli/flags.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../examples/${name}`, import.meta.url), "utf8");

test("the flags of the systemd unit are flags of the program", () => {
  const [, line = ""] = /^ExecStart=(.*)$/m.exec(read("promhttp.service")) ?? [];
  const [node, program, ...args] = line.split(" ");
  assert.match(`${node} ${program}`, /^\/usr\/bin\/node node_modules\/promhttp\/dist\/cli\.js$/);
  assert.equal(parseCommand(args).kind, "serve");
});

test("every section of the systemd unit is one that systemd knows, and every line a setting", () => {
  for (const line of read("promhttp.service").split("\n")) {
    assert.match(line, /^(?:#.*|\[(?:Unit|Service|Install)\]|[A-Z]\w+=\S.*|)$/);
  }
});

test("Prometheus and the PodMonitor find the port that the program listens on by default", () => {
  assert.match(read("prometheus.yml"), /"localhost:9464"/);
  assert.match(
    read("pod-monitor.yaml"),
    /^ {4}- port: metrics # the name of the container's port 9464$/m,
  );
});
