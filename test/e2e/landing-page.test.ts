import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Counter, Histogram, Registry } from "prom-client";
import { type Gatherer, Server, type ValueMetric } from "../../src/index.ts";
import { openPage, startBrowser } from "./browser.ts";
import { contrasts, ratioOf } from "./contrast.ts";

const PHONE = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };

const registry = createRegistry();
const server = await Server.listen([registry, createHostile()], "127.0.0.1:0", { logger: false });
const url = new URL("/", server.url).href;
const browser = await startBrowser();

after(async () => {
  await browser.close();
  await server.close();
});

function createRegistry(): Registry {
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
  return registers[0] as Registry; // it is there
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

function createHostile(): Gatherer {
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
        .filter((name) => isRequested(name, "gauge"))
        .map((collector) => ({ collector, error: new Error("secret") })),
    }),
  };
}

test("hostile names and help execute nothing, load nothing and break nothing", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints } = opened;
  assert.equal(await page.title(), "Metrics");
  assert.equal(await page.locator("script, style, img, svg[onload], base").count(), 2);
  const rows = await page.locator("tbody tr").count();
  assert.ok(rows > hostileTexts().length + 2);
  const text = String(await page.locator("table").textContent());
  assert.ok(text.includes(`</script><img src=x onerror="`));
  assert.ok(text.includes("&lt;b&gt;&amp;&#x3c;script&#x3e;"));
  assert.ok(text.includes("\\u{202e}\\u{2066}reversed"));
  for (const link of await page.locator("tbody a").all()) await link.hover();
  assert.equal(await page.title(), "Metrics");
  assert.deepEqual(complaints, []);
});

test("the policy of the page refuses a script and a style that are not its own", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints } = opened;
  await page.evaluate(`
    document.body.insertAdjacentHTML("beforeend", "<p id=p style='color: red' onclick='alert(1)'>");
    document.body.append(Object.assign(document.createElement("script"), { text: "alert(2)" }));
    document.getElementById("p").click();`);
  const refused = complaints.filter((complaint) => /Content Security Policy/.test(complaint));
  assert.equal(refused.length, 3, complaints.join("\n"));
  assert.deepEqual(
    complaints.filter((complaint) => complaint.startsWith("dialog")),
    [],
  );
});

test("the largest family is first, with the values of its labels", async () => {
  await using opened = await openPage(browser, url);
  const first = opened.page.locator("tbody tr").first();
  const text = String(await first.textContent());
  assert.match(text, /^http_request_duration_seconds histogram.*route 50 values50700$/);
});

test("a search shows the families that have all of its words", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints } = opened;
  const names = async () =>
    (await page.locator("tbody tr:visible code").allInnerTexts()).filter((name) => /_/.test(name));
  const all = await page.locator("tbody tr:visible").count();
  await page.getByLabel("Search").fill("HTTP  histogram");
  assert.deepEqual(await names(), ["http_request_duration_seconds"]);
  assert.equal(await page.locator("output").textContent(), `1 of ${all}`);
  await page.getByLabel("Search").press("Enter");
  assert.equal(page.url(), url);
  await page.getByLabel("Search").fill("no such family");
  assert.equal(await page.locator("tbody tr:visible").count(), 0);
  await page.getByLabel("Search").fill("");
  assert.equal(await page.locator("tbody tr:visible").count(), all);
  assert.equal(await page.locator("output").textContent(), "");
  assert.deepEqual(complaints, []);
});

test("the list is there without JavaScript, and no search that would not work", async () => {
  await using opened = await openPage(browser, url, { javaScriptEnabled: false });
  assert.ok((await opened.page.locator("tbody tr:visible").count()) > 2);
  assert.equal(await opened.page.getByLabel("Search").isVisible(), false);
});

test("a click on a family shows only its metrics, as text", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  const response = page.waitForResponse(/name/);
  await page.getByRole("link", { name: "http_requests_total" }).click();
  assert.equal(
    (await (await response).allHeaders())["content-type"],
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const text = String(await page.locator("body").textContent());
  assert.match(text, /^# HELP http_requests_total Requests\.\n/);
  assert.doesNotMatch(text, /http_request_duration/);
});

test("the page fits a phone: nothing is wider than the screen", async () => {
  await using opened = await openPage(browser, url, PHONE);
  const { page } = opened;
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  assert.equal(width, PHONE.viewport.width);
  const outside = await page.evaluate<readonly string[]>(`
    Array.from(document.querySelectorAll("body *")).flatMap((element) => {
      const { left, right } = element.getBoundingClientRect();
      return left < 0 || right > innerWidth ? element.outerHTML : [];
    })`);
  assert.deepEqual(outside, []);
});

test("every text of the page has a contrast of 4.5 or more, in light and in dark", async () => {
  const backs: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await using opened = await openPage(browser, url, { colorScheme });
    const { page } = opened;
    const texts = await contrasts(page);
    assert.ok(texts.length > 50);
    const weak = texts.filter(({ ratio }) => ratio < 4.5);
    assert.deepEqual(weak, []);
    const back = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const bar = await page.evaluate<string>(
      'getComputedStyle(document.querySelector("rect")).fill',
    );
    // WCAG 2.1, non-text contrast.
    assert.ok(ratioOf(bar, back) >= 3);
    backs.push(back);
  }
  const [light = "", dark = ""] = backs;
  assert.ok(ratioOf(light, dark) > 10, backs.join());
});

test("the page can be used with a keyboard, and its parts have names", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  for (let press = 0; press < 4; press++) await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.id"), "search");
  for (const role of ["banner", "navigation", "main", "search", "table", "contentinfo"] as const) {
    assert.equal(await page.getByRole(role).count(), 1, role);
  }
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Metrics");
});

test("Chromium is served text at the path of the metrics", async () => {
  await using opened = await openPage(browser, server.url);
  assert.equal(await opened.page.evaluate("document.contentType"), "text/plain");
});
