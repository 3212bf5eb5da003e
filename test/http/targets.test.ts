import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestHead } from "../../src/http/request-head.ts";
import { targetsAnswer } from "../../src/http/targets.ts";

function headOf(target: string, host?: string): RequestHead {
  return {
    method: "GET",
    target,
    remoteAddress: undefined,
    header: (name) => (name === "host" ? host : undefined),
  };
}

interface Case {
  readonly name: string;
  readonly target?: string;
  readonly host?: string;
  /** @default "/metrics" */
  readonly path?: string;
  readonly isTls?: boolean;
  /** The answer: where the target is, and the path of its metrics and its scheme if they are told; absent for 400. */
  readonly expected?: readonly [target: string, path?: string | undefined, scheme?: string];
}

const CASES: readonly Case[] = [
  { name: "the host of the request", host: "10.0.0.7:9464", expected: ["10.0.0.7:9464"] },
  { name: "a host without a port", host: "shop", expected: ["shop"] },
  { name: "a host with an empty port", host: "shop:", expected: ["shop"] },
  { name: "an IPv6 host", host: "[2001:db8::1]:9464", expected: ["[2001:db8::1]:9464"] },
  { name: "no host" },
  { name: "an empty host", host: "" },
  { name: "an invalid host", host: "sh op" },
  { name: "a host with a user", host: "me@shop" },
  {
    name: "?target=",
    target: "/-/targets?target=metrics.example:443",
    host: "10.0.0.7:9464",
    expected: ["metrics.example:443"],
  },
  {
    name: "?target= with escapes",
    target: "/-/targets?a=b&target=%5B::1%5D:80",
    host: "x",
    expected: ["[::1]:80"],
  },
  { name: "an invalid ?target=", target: "/-/targets?target=a/b", host: "shop" },
  { name: "an empty ?target=", target: "/-/targets?target=", host: "shop" },
  { name: "another path", path: "/m", host: "shop", expected: ["shop", "/m"] },
  {
    name: "?path= where the path is known",
    target: "/-/targets?path=/x",
    host: "shop",
    path: "/m",
    expected: ["shop", "/m"],
  },
  { name: "a server with TLS", isTls: true, host: "shop", expected: ["shop", undefined, "https"] },
  {
    name: "?scheme= behind a proxy",
    target: "/-/targets?scheme=http",
    isTls: true,
    host: "shop",
    expected: ["shop", undefined, "http"],
  },
  { name: "an invalid ?scheme=", target: "/-/targets?scheme=ftp", host: "shop" },
];

const OWN = { path: "/metrics", isTls: false };

for (const one of CASES) {
  const { name, target = "/-/targets", host, path = "/metrics", isTls = false, expected } = one;
  test(`targetsAnswer() reads ${name}`, () => {
    const { status, text, headers } = targetsAnswer(
      headOf(target, host),
      { path, isTls },
      [0],
      "worker",
    );
    assert.equal(status, expected === undefined ? 400 : 200);
    if (expected === undefined) return;
    const [reached, told, scheme] = expected;
    assert.deepEqual(JSON.parse(text), [
      {
        targets: [reached],
        labels: {
          ...(told !== undefined && { __metrics_path__: told }),
          ...(scheme !== undefined && { __scheme__: scheme }),
          __param_worker: "0",
          worker: "0",
        },
      },
    ]);
    // Prometheus compares the whole header.
    assert.deepEqual(headers, { "Content-Type": "application/json" });
  });
}

const MOUNTED: Readonly<Record<string, string | undefined>> = {
  "": "/metrics",
  "?path=/metrics": "/metrics",
  "?path=/internal/metrics": "/internal/metrics",
  "?path=%2Finternal": "/internal",
  "?path=internal": undefined,
  "?path=/a?b": undefined,
  "?path=": undefined,
};

for (const [query, path] of Object.entries(MOUNTED)) {
  test(`targetsAnswer() of a mount reads "${query}"`, () => {
    const head = headOf(`https://shop/targets${query}`, "shop");
    const { status, text } = targetsAnswer(head, undefined, [3], "worker");
    assert.equal(status, path === undefined ? 400 : 200);
    if (path === undefined) return;
    const [group] = JSON.parse(text);
    assert.equal(group.labels.__metrics_path__ ?? "/metrics", path);
  });
}

test("targetsAnswer() lists all slots in their order, with the label of the option", () => {
  const { text } = targetsAnswer(headOf("/", "shop"), OWN, [10, 0, 2], "slot");
  assert.deepEqual(
    JSON.parse(text).map(({ labels }: { labels: object }) => labels),
    [0, 2, 10].map((slot) => ({ __param_worker: `${slot}`, slot: `${slot}` })),
  );
});

test("targetsAnswer() answers 503 where no worker is known, so that scrapers keep theirs", () => {
  for (const slots of [undefined, []]) {
    const { status, headers } = targetsAnswer(headOf("/", "shop"), OWN, slots, "worker");
    assert.equal(status, 503);
    assert.deepEqual(headers, { "Retry-After": "1" });
  }
});
