import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createRoutes,
  isMetricsPath,
  type Route,
  routeOf,
  splitAbsolute,
} from "../../src/http/routes.ts";

const ROUTES = createRoutes({ path: "/metrics", landingPage: true, workers: undefined });

const CASES: readonly [method: string, target: string, route: Route][] = [
  ["GET", "/metrics", "metrics"],
  ["HEAD", "/metrics", "metrics"],
  ["GET", "/metrics?", "metrics"],
  ["GET", "/metrics?a=/b?c", "metrics"],
  ["GET", "/metrics/", "not-found"],
  ["GET", "/Metrics", "not-found"],
  ["GET", "/metrics#", "bad-target"],
  ["GET", "/metrics#x", "bad-target"],
  ["GET", "/metrics?a#x", "bad-target"],
  ["GET", "/other#x", "bad-target"],
  ["GET", "/metric%73", "not-found"],
  ["GET", "/./metrics", "not-found"],
  ["GET", "//", "not-found"],
  ["GET", "//metrics", "not-found"],
  ["GET", "/%ff", "not-found"],
  ["GET", "/?/metrics", "landing-page"],
  ["GET", "/", "landing-page"],
  ["HEAD", "/", "landing-page"],
  ["GET", "/-/healthy", "healthy"],
  ["GET", "/-/ready?verbose", "ready"],
  ["GET", "/favicon.ico", "favicon"],
  ["GET", "/__proto__", "not-found"],
  ["POST", "/metrics", "method-not-allowed"],
  ["DELETE", "/", "method-not-allowed"],
  ["get", "/metrics", "method-not-allowed"],
  ["", "/metrics", "method-not-allowed"],
  ["POST", "/other", "not-found"],
  ["OPTIONS", "/metrics", "options"],
  ["OPTIONS", "/-/healthy", "options"],
  ["OPTIONS", "/other", "not-found"],
  ["OPTIONS", "*", "options"],
  ["HEAD", "*", "bad-target"],
  ["OPTIONS", "*x", "bad-target"],
  ["GET", "*", "bad-target"],
  ["GET", "", "bad-target"],
  ["GET", "?", "bad-target"],
  ["GET", "metrics", "bad-target"],
  ["GET", "http://x/metrics", "bad-target"],
];

const ABSOLUTE: readonly [target: string, authority: string, rest: string][] = [
  ["http://x/metrics", "x", "/metrics"],
  ["https://x:9464/metrics?a=/b", "x:9464", "/metrics?a=/b"],
  ["HTTP://[::1]:80//", "[::1]:80", "//"],
  ["http://x", "x", "/"],
  ["http://x?a", "x", "/?a"],
  ["http://x#a", "x", "/#a"],
  ["http://u@x/", "u@x", "/"],
  ["http://x/http://y/", "x", "/http://y/"],
];

for (const [target, authority, rest] of ABSOLUTE) {
  test(`splitAbsolute() cuts "${target}" before "${rest}"`, () => {
    assert.deepEqual(splitAbsolute("GET", target), { authority, target: rest });
  });
}

test("splitAbsolute() takes OPTIONS without a path for the whole server", () => {
  assert.equal(splitAbsolute("OPTIONS", "http://x")?.target, "*");
  assert.equal(splitAbsolute("OPTIONS", "http://x/")?.target, "/");
});

for (const target of [
  "",
  "*",
  "x:80",
  "http:/x",
  "http:x",
  "http:///x",
  "http://",
  "ftp://x/",
  "//x/",
]) {
  test(`splitAbsolute() leaves "${target}" as it is`, () => {
    assert.equal(splitAbsolute("GET", target), undefined);
  });
}

for (const [method, target, route] of CASES) {
  test(`routeOf() finds ${route} for ${method} "${target}"`, () => {
    assert.equal(routeOf(method, target, ROUTES), route);
  });
}

test("routeOf() finds the metrics at the path of the option, even at a fixed one", () => {
  for (const path of ["/", "/-/healthy", "/m/%20"]) {
    const routes = createRoutes({ path, landingPage: true, workers: undefined });
    assert.equal(routeOf("GET", path, routes), "metrics");
    assert.equal(routeOf("GET", "/metrics", routes), "not-found");
  }
});

test("routeOf() finds no landing page when it is turned off", () => {
  assert.equal(
    routeOf("GET", "/", createRoutes({ path: "/metrics", landingPage: false, workers: undefined })),
    "not-found",
  );
});

test("isMetricsPath() accepts the paths at which a server can serve metrics", () => {
  assert.deepEqual(["/metrics", "/", "/m/%20"].filter(isMetricsPath).length, 3);
  assert.deepEqual(["metrics", "", "/a b", "/-/healthy", "/favicon.ico"].filter(isMetricsPath), []);
});
