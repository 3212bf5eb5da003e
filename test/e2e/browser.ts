import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

// The types of playwright-core name some of a browser, which nothing else here knows. What runs in a
// page is written as text.
declare global {
  interface Node {}
  interface HTMLElement {}
  interface SVGElement {}
  interface HTMLElementTagNameMap {}
}

/** Starts the browser of the system, which `npm run test:e2e` installs first. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page, and all that it has complained of: errors, refused content, dialogs, other requests. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
  /** What it has asked its own server for beside itself: URL and time in milliseconds. */
  readonly requests: readonly { readonly url: string; readonly atMs: number }[];
}

/** Opens a URL in a window of its own, and watches it. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const requests: WatchedPage["requests"][number][] = [];
  const { origin } = new URL(url);
  page.on("request", (request) => {
    const asked = request.url();
    if (new URL(asked).origin !== origin) complaints.push(`request: ${asked}`);
    else if (asked !== url) requests.push({ url: asked, atMs: performance.now() });
  });
  await page.goto(url);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
}
