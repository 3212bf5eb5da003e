import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { Locator } from "playwright-core";
import { type Probe, Server } from "../../src/index.ts";
import { openPage, startBrowser } from "./browser.ts";

const ATTACK = `"></option></select><img src=x onerror="document.title = 'taken'">`;

/** Says what it was asked. */
const echo: Probe = {
  allow: ["192.0.2.1", "db.example"],
  modules: ["icmp", "tcp", ATTACK],
  params: ["room", ATTACK],
  probe: ({ target, module, params }) => [
    {
      name: "asked",
      help: "What it was asked.",
      type: "gauge",
      metrics: [
        { labels: { target: target.text, module, room: params["room"] ?? "any" }, value: 1 },
      ],
    },
  ],
};

const source = { gather: () => ({ families: [] }) };
const server = await Server.listen(source, "127.0.0.1:0", {
  logger: false,
  paths: { "/metrics/db": source, "/probe": echo, "/-a/b:c": { ...echo, modules: undefined } },
});
const url = new URL("/", server.url).href;
const browser = await startBrowser();

after(async () => {
  await browser.close();
  await server.close();
});

const target = (form: Locator) => form.getByRole("textbox", { name: "target" });

for (const javaScriptEnabled of [true, false]) {
  test(`a form asks a probe ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    await using opened = await openPage(browser, url, { javaScriptEnabled });
    const { page, complaints } = opened;
    const form = page.getByRole("form", { name: "Probe /probe", exact: true });
    await target(form).fill("DB.example:5432");
    await form.getByRole("combobox", { name: "module" }).selectOption("tcp");
    await form.getByRole("textbox", { name: "room" }).fill('a b+c&d=é"<');
    await form.getByRole("button", { name: "Probe /probe" }).click();
    await page.waitForURL(/\/probe\?/);
    assert.equal(await page.evaluate("document.contentType"), "text/plain");
    const text = String(await page.locator("body").textContent());
    assert.match(text, /^probe_success 1$/m);
    assert.match(text, /^asked\{target="db.example:5432",module="tcp",room="a b\+c&d=é\\"<"\} 1$/m);
    assert.deepEqual(complaints, []);
  });
}

test("a form can be used with a keyboard, and what is left as it was is the default", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  await target(page.getByRole("form", { name: "Probe /probe", exact: true })).focus();
  await page.keyboard.type("192.0.2.1");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/probe\?/);
  const text = String(await page.locator("body").textContent());
  assert.match(text, /^asked\{target="192.0.2.1",module="icmp",room="any"\} 1$/m);
});

test("a form asks nothing without a target", async () => {
  await using opened = await openPage(browser, url);
  const { page, requests } = opened;
  const form = page.getByRole("form", { name: "Probe /probe", exact: true });
  await form.getByRole("button").click();
  const isMissing = 'document.querySelector(".probe input").validity.valueMissing';
  assert.equal(await page.evaluate(isMissing), true);
  assert.deepEqual(requests, []);
});

test("a form shows why a target was refused", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  const form = page.getByRole("form", { name: "Probe /probe", exact: true });
  await target(form).fill("192.0.2.2");
  const [answer] = await Promise.all([
    page.waitForResponse(/\/probe\?/),
    form.getByRole("button").click(),
  ]);
  assert.equal(answer.status(), 403);
  assert.match(String(await page.locator("body").textContent()), /not allowed/);
});

test("hostile names of modules and parameters execute nothing, and arrive as they are", async () => {
  await using opened = await openPage(browser, url);
  const { page, complaints } = opened;
  assert.equal(await page.locator("script, style, img, base").count(), 2);
  const form = page.getByRole("form", { name: "Probe /probe", exact: true });
  await target(form).fill("db.example");
  await form.getByRole("combobox", { name: "module" }).selectOption(ATTACK);
  await form.getByRole("button").click();
  await page.waitForURL(/\/probe\?/);
  const text = String(await page.locator("body").textContent());
  assert.ok(text.includes(`module="${ATTACK.replaceAll('"', '\\"')}"`), text);
  assert.deepEqual(complaints, []);
});

test("a form works behind a proxy that adds a path, and at a path that looks like a scheme", async () => {
  const { port } = new URL(server.url);
  const proxy = createServer(async ({ url: path = "" }, response) => {
    const found = await fetch(`http://127.0.0.1:${port}${path.replace("/node1", "")}`);
    response.writeHead(found.status, { "Content-Type": found.headers.get("content-type") ?? "" });
    response.end(await found.text());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const proxied = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/node1/`;
  try {
    await using opened = await openPage(browser, proxied);
    const { page } = opened;
    const form = page.getByRole("form", { name: "Probe /-a/b:c" });
    assert.equal(await form.getByRole("combobox").count(), 0);
    await target(form).fill("db.example");
    await form.getByRole("button").click();
    await page.waitForURL(/\/node1\/-a\/b:c\?/);
    assert.match(String(await page.locator("body").textContent()), /^asked\{/m);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("the policy of the page refuses a form that sends elsewhere", async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  await Promise.all([
    page.waitForEvent("console", (message) => /form-action/.test(message.text())),
    page.evaluate(`
      const form = document.querySelector(".probe");
      form.action = "http://127.0.0.1:1/";
      form.submit();`),
  ]);
  assert.equal(page.url(), url);
});
