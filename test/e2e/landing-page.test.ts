import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  createHandler,
  type Gatherer,
  type Probe,
  Server,
  type ValueMetric,
} from "../../src/index.ts";
import { openPage, startBrowser } from "./browser.ts";
import { contrasts, ratioOf } from "./contrast.ts";

const PHONE = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };

const { registry, requests } = createRegistry();
const server = await Server.listen([registry, createHostile(true)], "127.0.0.1:0", {
  logger: false,
  paths: { "/metrics/steady": registry, "/probe": createHostileProbe() },
});
const url = new URL("/", server.url).href;
const browser = await startBrowser();

after(async () => {
  await browser.close();
  await server.close();
});

function createRegistry() {
  const registers = [new Registry()];
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests.",
    labelNames: ["method", "code"],
    registers,
  });
  for (const code of [200, 404, 500]) requests.inc({ method: "GET", code });
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer a request, in seconds.",
    labelNames: ["route"],
    registers,
  });
  for (let index = 0; index < 50; index++) duration.observe({ route: `/${index}` }, 1);
  new Gauge({ name: "steady", help: "It does not change.", registers }).set(1);
  return { registry: registers[0] as Registry, requests }; // it is there
}

/** Names and help that try to be more than text. */
function hostileTexts(): string[] {
  const attack = "document.title = 'taken'; alert(1)";
  return [
    `</script><img src=x onerror="${attack}">`,
    `"><svg onload="${attack}">`,
    `'><script>${attack}</script>`,
    `</style><script>${attack}</script>`,
    `<!--<script>${attack}//`,
    `" onmouseover="${attack}" autofocus onfocus="${attack}`,
    `javascript:${attack}`,
    "&lt;b&gt;&amp;&#x3c;script&#x3e;",
    "\u202e\u2066reversed\u202c\u200f",
    "\u0000\u0008\ud800lone",
    "https://example.org/<base href=//example.org>",
    "m".repeat(10_000),
    "wide ".repeat(2_000),
  ];
}

/** @param isFailing Whether each of them has a collector that fails. */
function createHostile(isFailing: boolean): Gatherer {
  const metricsOf = (label: string): ValueMetric[] => [{ labels: { [label]: label }, value: 1 }];
  return {
    gather: ({ isRequested }) => ({
      families: hostileTexts().map((text) => ({
        name: text,
        help: text,
        type: "gauge",
        metrics: metricsOf(text),
      })),
      errors: hostileTexts()
        .filter((name) => isFailing && isRequested(name, "gauge"))
        .map((collector) => ({ collector, error: new Error("secret") })),
    }),
  };
}

/** Its form has a field for each of them. */
function createHostileProbe(): Probe {
  const names = hostileTexts();
  return { allow: "any", modules: names, params: names, probe: () => [] };
}

/** The text of a scrape of our own metrics. */
async function ownMetrics(): Promise<string> {
  return (await fetch(`${server.url}?name[]=promhttp_scrape_events_total`)).text();
}

function eventsIn(text: string): number {
  return Number(/event="page"\} (\d+)/.exec(text)?.[1]);
}

/** Opens everything that is folded. */
function unfold(page: Page): Promise<void> {
  return page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
}

test("hostile names and help execute nothing, load nothing and break nothing", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints, requests: asked } = opened;
  const title = await page.title();
  assert.equal(title, `Metrics of promhttp on ${hostname()}`);
  assert.equal(await page.locator("script, style, img, svg[onload], base").count(), 2);
  const rows = await page.locator("#families tbody tr").count();
  assert.ok(rows > hostileTexts().length + 2);
  const text = String(await page.locator("#families").textContent());
  assert.ok(text.includes(`</script><img src=x onerror="`));
  assert.ok(text.includes("&lt;b&gt;&amp;&#x3c;script&#x3e;"));
  assert.ok(text.includes("\\u{202e}\\u{2066}reversed"));
  for (const link of await page.locator("#families a").all()) await link.hover();
  await page.getByLabel("Search").fill("<script>");
  assert.equal(await page.title(), title);
  assert.deepEqual([complaints, asked], [[], []]);
});

test("the pages of hostile families execute nothing, and show their series", async () => {
  await using hostile = await Server.listen(createHostile(false), "127.0.0.1:0", { logger: false });
  await using opened = await openPage(browser, new URL("/", hostile.url).href);
  const { page, complaints } = opened;
  const links = await page.evaluate<string[]>(
    "Array.from(document.querySelectorAll('#families th > a'), ({ href }) => href)",
  );
  assert.ok(links.length > 10);
  for (const link of links) {
    await Promise.all([page.waitForResponse(/name/), page.goto(link)]);
    await unfold(page);
    assert.match(String(await page.locator("#series tbody tr td:last-child").textContent()), /^1$/);
    assert.match(await page.title(), / of promhttp on /);
    assert.equal(await page.locator("script, style, img, svg[onload], base").count(), 2);
  }
  assert.deepEqual(complaints, []);
});

test("the policy of the page refuses what is not its own", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints } = opened;
  await page.evaluate(`
    document.body.insertAdjacentHTML("beforeend", "<p id=p style='color: red' onclick='alert(1)'>");
    document.body.append(Object.assign(document.createElement("script"), { text: "alert(2)" }));
    document.getElementById("p").click();
    fetch("http://127.0.0.1:1/").catch(() => {});`);
  await page.waitForTimeout(0);
  const refused = complaints.filter((complaint) => /Content Security Policy/.test(complaint));
  assert.ok(refused.length >= 4, complaints.join("\n"));
  assert.deepEqual(
    complaints.filter((complaint) => /^dialog|^request/.test(complaint)),
    [],
  );
});

test("the largest family is first, with the values of its labels", async () => {
  await using opened = await openPage(browser, url);
  const first = opened.page.locator("#families tbody tr").first();
  const text = String(await first.textContent());
  assert.match(text, /^http_request_duration_seconds histogram.*route 50 values50700$/);
  await first.getByRole("link", { name: "route" }).click();
  assert.equal(await opened.page.getByText("/49", { exact: true }).isVisible(), true);
});

test("a search shows the families that have all of its words, and the address keeps it", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints } = opened;
  const names = async () =>
    (await families.locator("code").allInnerTexts()).filter((name) => /_/.test(name));
  const families = page.locator("#families tbody tr:visible, #own tbody tr:visible");
  const all = await families.count();
  await page.getByLabel("Search").fill("HTTP  histogram");
  assert.deepEqual(await names(), ["http_request_duration_seconds"]);
  assert.equal(await page.locator("output").textContent(), `1 of ${all}`);
  await page.getByLabel("Search").press("Enter");
  assert.equal(page.url(), `${url}#q=HTTP++histogram`);
  await page.reload();
  assert.deepEqual(await names(), ["http_request_duration_seconds"]);
  await page.goto(`${url}#q=events`);
  assert.deepEqual(await names(), ["promhttp_scrape_events_total"]);
  await page.getByLabel("Search").fill("no such family");
  assert.equal(await families.count(), 0);
  await page.getByLabel("Search").fill("");
  assert.equal(await families.count(), all);
  assert.equal(await page.locator("output").textContent(), "");
  assert.equal(page.url(), url);
  assert.deepEqual(complaints, []);
});

test("families can be sorted by name, type and series", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  const ours = async () =>
    (await page.locator("#families tbody th > a").allInnerTexts()).filter((name) =>
      /^(http_|steady)/.test(name),
    );
  const [requestsTotal, duration] = ["http_requests_total", "http_request_duration_seconds"];
  assert.deepEqual(await ours(), [duration, requestsTotal, "steady"]);
  await page.getByRole("button", { name: "Family" }).click();
  assert.deepEqual(await ours(), [duration, requestsTotal, "steady"]);
  await page.getByRole("button", { name: "Type" }).click();
  assert.deepEqual(await ours(), [requestsTotal, "steady", duration]);
  assert.equal(page.url(), `${url}#sort=type`);
  await page.reload();
  assert.deepEqual(await ours(), [requestsTotal, "steady", duration]);
  await page.getByRole("button", { name: "Series" }).click();
  assert.equal((await ours())[0], duration);
});

test("without JavaScript there is everything but search and live values", async () => {
  await using opened = await openPage(browser, url, { javaScriptEnabled: false });
  const { page } = opened;
  assert.ok((await page.locator("#families tbody tr:visible").count()) > 2);
  assert.equal(await page.getByLabel("Search").isVisible(), false);
  await page.getByText("Raw metrics").click();
  assert.equal(await page.getByRole("link", { name: "OpenMetrics 1.0.0" }).isVisible(), true);
  await page.getByRole("link", { name: "http_requests_total", exact: true }).click();
  const series = page.getByRole("row").filter({ hasText: 'code="404"' });
  assert.equal(await series.isVisible(), true);
  await page.getByText("Label method").click();
  assert.equal(await page.getByText("GET", { exact: true }).isVisible(), true);
  await page.getByText("Raw metrics").click();
  await page.getByRole("link", { name: "OpenMetrics 1.0.0" }).click();
  assert.match(String(await page.locator("body").textContent()), /# EOF\n$/);
  assert.equal(await page.evaluate("document.contentType"), "text/plain");
});

test("a click on a family shows its series, and plots those that change", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints, requests: asked } = opened;
  const before = await ownMetrics();
  await page.getByRole("link", { name: "http_requests_total", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: 'code="200"' });
  await row.waitFor();
  // Each request of the page finds another value.
  const busy = setInterval(() => requests.inc({ method: "GET", code: 200 }, 5), 50);
  try {
    await row.getByRole("img").waitFor();
    await row.locator('path[d*="L"]').waitFor({ state: "attached" });
  } finally {
    clearInterval(busy);
  }
  assert.match(String(await row.textContent()), /\d\/s[\d,]+$/);
  const steady = page.getByRole("row").filter({ hasText: 'code="500"' });
  assert.equal(await steady.getByRole("img").count(), 0);
  const scrapes = asked.filter(({ url: target }) => target.includes("?name"));
  assert.ok(scrapes.length >= 3);
  for (const [index, { atMs }] of scrapes.entries()) {
    assert.ok(index === 0 || atMs - Number(scrapes[index - 1]?.atMs) > 1_900);
  }
  assert.ok(eventsIn(await ownMetrics()) >= eventsIn(before) + scrapes.length);
  const text = await (
    await fetch(`${server.url}?name[]=promhttp_metric_handler_requests_total`)
  ).text();
  assert.ok(Number(/code="200"\} (\d+)/.exec(text)?.[1]) < 10);
  assert.deepEqual(complaints, []);
});

test("a page that nobody sees asks nothing", async () => {
  const family = `${url}?family=steady`;
  await using opened = await openPage(browser, family);
  const { page, requests: asked } = opened;
  const see = (state: string) =>
    page.evaluate(`
      Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));`);
  await page.waitForResponse(/name/);
  await see("hidden");
  await page.waitForTimeout(100);
  const count = asked.length;
  await page.waitForTimeout(3_000);
  assert.equal(asked.length, count);
  const next = page.waitForResponse(/name/);
  await see("visible");
  await next;
});

test("the page of a process that fails scrapes says so, and which collector fails", async () => {
  const registers = [new Registry()];
  const collect = () => Promise.reject(new Error("the password is s3cr3t"));
  new Gauge({ name: "broken", help: "h", registers, collect });
  const [failing] = registers;
  assert.ok(failing);
  await using broken = await Server.listen(failing, "127.0.0.1:0", { logger: false });
  assert.equal((await fetch(broken.url)).status, 500);
  await using opened = await openPage(browser, new URL("/", broken.url).href);
  const { page } = opened;
  const notice = String(await page.locator(".notice").textContent());
  assert.match(notice, /^Scrapes are answered with 500, because these failed: broken\./);
  await unfold(page);
  const text = String(await page.locator("main").textContent());
  assert.match(text, /Last scrape [^,]+, 500/);
  assert.match(text, /Collectors 1 of 1 failing/);
  assert.doesNotMatch(text, /s3cr3t/);
});

for (const count of [3, 300, 30_000]) {
  test(`the search of ${count} families finds the last of them`, async () => {
    const families = Array.from({ length: count }, (_, index) => ({
      name: `family_${index}_total`,
      help: "h",
      type: "counter" as const,
      metrics: [{ labels: { of: `<b>${index}` }, value: index }],
    }));
    const source = { gather: () => ({ families }) };
    await using many = await Server.listen(source, "127.0.0.1:0", { logger: false });
    const place = new URL("/", many.url).href;
    await using opened = await openPage(browser, place);
    const { page, complaints } = opened;
    assert.ok((await page.locator("#families tbody tr").count()) <= 1_000);
    const last = `family_${count - 1}_total`;
    await page.getByLabel("Search").fill(last);
    await page.getByRole("link", { name: last, exact: true }).waitFor();
    await page.locator("output", { hasText: /^1 of [0-9,]+$/ }).waitFor();
    await page.getByLabel("Search").fill("");
    await page.getByRole("button", { name: "Family" }).click();
    await page.getByRole("link", { name: "family_0_total", exact: true }).waitFor();
    if (count > 1_000) {
      const more = page.getByRole("button", { name: /^Show more of 29,000 others/ });
      await more.click();
      assert.equal(await page.locator("#families tbody tr").count(), 2_000);
    }
    await page.goto(`${place}#q=${last}`);
    await page.getByRole("link", { name: last, exact: true }).click();
    await page
      .getByRole("row")
      .filter({ hasText: `<b>${count - 1}` })
      .waitFor();
    assert.deepEqual(complaints, []);
  });
}

test("a mounted page works at any path", async () => {
  const handler = createHandler(registry, { logger: false });
  const http = createServer(handler.page);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  try {
    await using opened = await openPage(browser, `http://127.0.0.1:${port}/admin/metrics`);
    const { page, complaints } = opened;
    await page.getByRole("link", { name: "steady", exact: true }).click();
    await page.waitForResponse(/name/);
    assert.equal(new URL(page.url()).pathname, "/admin/metrics");
    await page.getByText("Raw metrics").click();
    await page.getByRole("link", { name: "Text 0.0.4" }).click();
    const text = String(await page.locator("body").textContent());
    assert.match(text, /^# HELP steady .*\n# TYPE steady gauge\nsteady 1\n$/);
    assert.deepEqual(complaints, []);
  } finally {
    handler.close();
    http.closeAllConnections();
    http.close();
  }
});

test("a page whose URL has credentials has live values", async () => {
  const place = new URL("?family=steady", url);
  [place.username, place.password] = ["me", "secret"];
  await using opened = await openPage(browser, place.href);
  await opened.page.waitForResponse(/name/);
  assert.equal(await opened.page.locator("#state").isVisible(), false);
});

test("a search that is deleted from the address is over", async () => {
  await using opened = await openPage(browser, `${url}#q=steady`);
  const { page } = opened;
  const search = page.getByLabel("Search");
  assert.equal(await search.inputValue(), "steady");
  await page.evaluate("window.location.hash = ''");
  await page.waitForFunction("document.querySelector('input').value === ''");
});

const PAGES = {
  overview: url,
  // Each look at it changes it.
  "page of a family": `${url}?family=promhttp_scrape_events_total`,
  "page of a hostile family": `${url}?family=${encodeURIComponent(hostileTexts()[0] ?? "")}`,
};

for (const [name, place] of Object.entries(PAGES)) {
  test(`the ${name} fits a phone: nothing is wider than the screen`, async () => {
    await using opened = await openPage(browser, place, PHONE);
    const { page } = opened;
    await unfold(page);
    if (place.includes("promhttp_")) await page.getByRole("img").first().waitFor();
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    assert.equal(width, PHONE.viewport.width);
    const outside = await page.evaluate<readonly string[]>(`
      Array.from(document.querySelectorAll("body *")).flatMap((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < 0 || right > innerWidth ? element.outerHTML : [];
      })`);
    assert.deepEqual(outside, []);
  });

  test(`every text of the ${name} has a contrast of 4.5 or more, in light and in dark`, async () => {
    const backs: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await using opened = await openPage(browser, place, { colorScheme });
      const { page } = opened;
      await unfold(page);
      const texts = await contrasts(page);
      assert.ok(texts.length > 10);
      const weak = texts.filter(({ ratio }) => ratio < 4.5);
      assert.deepEqual(weak, []);
      const back = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      const bars = await page.evaluate<string[]>(
        'Array.from(document.querySelectorAll("rect"), (bar) => getComputedStyle(bar).fill)',
      );
      // WCAG 2.1, non-text contrast.
      for (const bar of bars) assert.ok(ratioOf(bar, back) >= 3);
      backs.push(back);
    }
    const [light = "", dark = ""] = backs;
    assert.ok(ratioOf(light, dark) > 10, backs.join());
  });
}

test("the page can be used with a keyboard, and its parts have names", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  const focused = () => page.evaluate<string>("document.activeElement.id");
  for (let press = 0; press < 40 && (await focused()) !== "search"; press++) {
    await page.keyboard.press("Tab");
  }
  assert.equal(await focused(), "search");
  for (const role of ["banner", "navigation", "main", "search", "contentinfo"] as const) {
    assert.equal(await page.getByRole(role).count(), 1, role);
  }
  assert.ok((await page.getByRole("table").count()) >= 2);
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Metrics of promhttp");
});

test("Chromium is served text at the path of the metrics", async () => {
  await using opened = await openPage(browser, server.url);
  assert.equal(await opened.page.evaluate("document.contentType"), "text/plain");
});
