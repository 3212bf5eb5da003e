// What Prometheus does with TLS, passwords, tokens and certificates, and what the guide says of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { Server, type ServerOptions } from "../../src/index.ts";
import { readDocument, sectionOf } from "../docs/documents.ts";
import { type Authority, createAuthority } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { httpsGet } from "../helpers/http/https-get.ts";
import { VOLUMES, type Volume } from "../helpers/volume.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { newGroup } from "../helpers/workers/own-group.ts";
import { eventually, failedScrapes, type Job, type Scraper, startPrometheus } from "./programs.ts";

const EXAMPLES = new URL("../../examples/secure/", import.meta.url);
const WEB_CONFIG = await readFile(new URL("web-config.yml", EXAMPLES), "utf8");
const [, USER_LINE = ""] = /^( {2}prometheus: .*)$/m.exec(WEB_CONFIG) ?? [];

const TOKEN = "a-token-of-more-than-16";
const NEW_TOKEN = "another-token-of-more-than-16";

const SERVER_CA = createAuthority({ name: "Server CA" });
const SERVER_NAMES = { sans: ["DNS:localhost", "IP:127.0.0.1"], usage: ["server"] } as const;
const CLIENT_NAMES = { sans: ["DNS:prometheus.example"], usage: ["client"] } as const;

const pairOf = (authority: Authority, names: typeof SERVER_NAMES | typeof CLIENT_NAMES) =>
  authority.issue(names);

/** Writes files, and says where they are. */
async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    // A key that everybody may read is warned about.
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
}

/** Paths of a configuration of Prometheus, which are relative in the example, in a folder. */
function inFolder(settings: unknown, folder: string): Record<string, unknown> {
  const text = JSON.stringify(settings);
  return JSON.parse(
    text.replace(/"(\w+_file)":"([^"]+)"/g, (_, name, file) => `"${name}":"${join(folder, file)}"`),
  );
}

test("Prometheus scrapes with a password, a token or a certificate, as in the example", async () => {
  await withTempDir(async (folder) => {
    const clientCa = createAuthority({ name: "Client CA" });
    const server = pairOf(SERVER_CA, SERVER_NAMES);
    const client = pairOf(clientCa, CLIENT_NAMES);
    const source = await readFile(new URL("prometheus.yml", EXAMPLES), "utf8");
    await writeAll(folder, {
      "prometheus.yml": source,
      "web-config.yml": WEB_CONFIG,
      "tls.crt": server.cert,
      "tls.key": server.key,
      "ca.crt": SERVER_CA.cert,
      "client-ca.crt": clientCa.cert,
      "prometheus.crt": client.cert,
      "prometheus.key": client.key,
      password: "a password",
      token: TOKEN,
      tokens: `# of this test\n${TOKEN}\n`,
    });
    execFileSync("promtool", ["check", "config", join(folder, "prometheus.yml")]);

    const path = (name: string) => join(folder, name);
    await using byFile = await listen({
      webConfigFile: path("web-config.yml"),
      auth: { bearerTokenFile: path("tokens") },
    });
    await using byCertificate = await listen({
      tls: {
        cert: { file: path("tls.crt") },
        key: { file: path("tls.key") },
        clientCa: { file: path("client-ca.crt") },
        clientAllowedSans: ["prometheus.example"],
      },
    });
    const jobs: Job[] = [];
    for (const { job_name: name, static_configs: _, ...settings } of parse(source).scrape_configs) {
      const { url } = name === "with-a-certificate" ? byCertificate : byFile;
      jobs.push({ ...JOB, name, url, settings: inFolder(settings, folder) });
    }
    assert.equal(jobs.length, 3);
    await using prometheus = await startPrometheus(jobs);
    for (const { name } of jobs) assert.equal(await failedScrapes(prometheus, name, 2), 0, name);
    assert.match(byFile.url, /^https:/);
  });
});

const JOB = { interval: "1s", timeout: "1s" };

async function listen(options: ServerOptions): Promise<Server> {
  return Server.listen(countingGatherer(), "127.0.0.1:0", { logger: false, ...options });
}

test("Prometheus discovers workers with the credentials with which it scrapes them", async () => {
  await withTempDir(async (folder) => {
    await writeAll(folder, { "ca.crt": SERVER_CA.cert });
    await using server = await listen({
      tls: pairOf(SERVER_CA, SERVER_NAMES),
      auth: { bearerTokens: [TOKEN] },
      workers: { group: newGroup() },
    });
    // Prometheus 2.42 does not add the type when it asks for targets.
    const authorization = { type: "Bearer", credentials: TOKEN };
    const settings = inFolder({ tls_config: { ca_file: "ca.crt" }, authorization }, folder);
    const url = server.url.replace("/metrics", "/-/targets");
    const http_sd_configs = [{ url, refresh_interval: "1s", ...settings }];
    const job = { ...JOB, name: "workers", url, targetsUrl: url };
    await using prometheus = await startPrometheus([
      { ...job, settings: { ...settings, http_sd_configs } },
    ]);
    assert.equal(await failedScrapes(prometheus, job.name, 2), 0);
  });
});

test("Prometheus shows for each fault what the guide says", async () => {
  await withTempDir(async (folder) => {
    const clientCa = createAuthority({ name: "Client CA" });
    const stranger = pairOf(createAuthority({ name: "Another CA" }), CLIENT_NAMES);
    const tls = pairOf(SERVER_CA, SERVER_NAMES);
    await writeAll(folder, {
      "ca.crt": SERVER_CA.cert,
      "another-ca.crt": clientCa.cert,
      "prometheus.crt": stranger.cert,
      "prometheus.key": stranger.key,
    });
    const auth = { bearerTokens: [TOKEN] };
    await using plain = await listen({ auth });
    await using elsewhere = await listen({ allowedNetworks: ["10.0.0.0/8"] });
    await using limited = await listen({ auth, rateLimit: { intervalMs: 3_600_000, burst: 1 } });
    await using secret = await listen({ tls });
    await using mutual = await listen({ tls: { ...tls, clientCa: clientCa.cert } });

    const ca = { ca_file: "ca.crt" };
    const withToken = { authorization: { credentials: TOKEN } };
    const withStranger = { ...ca, cert_file: "prometheus.crt", key_file: "prometheus.key" };
    const faults: Readonly<Record<string, [server: Server, settings: object]>> = {
      "the credentials are missing": [plain, {}],
      "the network, ": [elsewhere, {}],
      "there were too many wrong ones, or `rateLimit` is too low": [limited, withToken],
      "there is no `cert_file`": [mutual, { tls_config: ca }],
      "the client certificate is not accepted": [mutual, { tls_config: withStranger }],
      "`ca_file` is not the authority": [secret, { tls_config: { ca_file: "another-ca.crt" } }],
      "`scheme: https` is missing": [secret, { scheme: "http" }],
    };
    const jobs = Object.entries(faults).map(([name, [{ url }, settings]]) => ({
      ...JOB,
      name,
      url,
      settings: inFolder(settings, folder),
    }));
    await using prometheus = await startPrometheus(jobs);
    const rows = sectionOf(readDocument("docs/guide/security.md"), "Prometheus").match(/^\| `.*/gm);
    assert.equal(rows?.length, jobs.length);
    for (const { name } of jobs) {
      const [, says = ""] = rows.find((row) => row.includes(name))?.split("|") ?? [];
      const texts = Array.from(says.matchAll(/`([^`]+)`/g), ([, text = ""]) => text);
      await eventually(`"${says}" for: ${name}`, async () => {
        const shown = await lastError(prometheus, name);
        return texts.some((text) => shown.includes(text)) || undefined;
      });
    }
  });
});

interface TargetsAnswer {
  readonly data: {
    readonly activeTargets: readonly { readonly scrapePool: string; readonly lastError: string }[];
  };
}

/** What the page of targets says of a job. */
async function lastError(prometheus: Scraper, job: string): Promise<string> {
  const { data } = (await prometheus.get("/api/v1/targets")) as TargetsAnswer;
  return data.activeTargets.find(({ scrapePool }) => scrapePool === job)?.lastError ?? "";
}

test("no scrape fails while every file is exchanged, whoever does it", async () => {
  await withTempDir(async (folder) => {
    const clientCa = createAuthority({ name: "Client CA" });
    const client = pairOf(clientCa, CLIENT_NAMES);
    const scraperFolder = join(folder, "prometheus");
    await writeAll(scraperFolder, {
      "ca.crt": SERVER_CA.cert,
      "prometheus.crt": client.cert,
      "prometheus.key": client.key,
      password: "a password",
      token: TOKEN,
    });
    const rotations = await Promise.all(
      Object.entries(VOLUMES).map(async ([name, mount]) => {
        const volume = await mount(join(folder, name), filesOf(clientCa));
        return { name, volume, path: (file: string) => join(folder, name, file) };
      }),
    );
    const servers = await Promise.all(
      rotations.map(({ path }) =>
        listen({
          webConfigFile: path("web-config.yml"),
          auth: { bearerTokenFile: path("tokens") },
        }),
      ),
    );
    await using _closing = { [Symbol.asyncDispose]: () => closeAll(servers) };
    const tls_config = {
      ca_file: "ca.crt",
      cert_file: "prometheus.crt",
      key_file: "prometheus.key",
    };
    const jobs = rotations.flatMap(({ name }, index) =>
      Object.entries(CREDENTIALS).map(([credentials, settings]) => ({
        ...JOB,
        name: `${credentials}, ${name}`,
        url: servers[index]?.url ?? assert.fail(),
        settings: inFolder({ tls_config, ...settings }, scraperFolder),
      })),
    );
    await using prometheus = await startPrometheus(jobs);
    const scraped = async () => {
      const scrapes = await Promise.all(jobs.map(({ name }) => countOf(prometheus, name)));
      for (const [index, { name }] of jobs.entries()) {
        await failedScrapes(prometheus, name, Number(scrapes[index]) + 2);
      }
    };
    const exchange = async (files: Parameters<Volume["exchange"]>[0]) => {
      await Promise.all(rotations.map(({ volume }) => volume.exchange(files)));
      await scraped();
    };
    for (const { name } of jobs) await failedScrapes(prometheus, name, 1);
    const renewed = pairOf(SERVER_CA, SERVER_NAMES);
    await exchange({ "tls.crt": renewed.cert, "tls.key": renewed.key });
    for (const { url } of jobs) {
      const { serial, headers } = await httpsGet({ ...optionsOf(url), ...client });
      assert.equal(serial, new X509Certificate(renewed.cert).serialNumber);
      assert.equal(headers["x-frame-options"], "sameorigin");
    }

    await exchange({ "web-config.yml": configOf("  X-Frame-Options: deny") });

    await exchange({ tokens: `${TOKEN}\n${NEW_TOKEN}\n` });
    await writeAll(scraperFolder, { token: NEW_TOKEN });
    await scraped();
    await exchange({ tokens: `${NEW_TOKEN}\n` });

    const nextCa = createAuthority({ name: "Next client CA" });
    await exchange({ "ca.crt": clientCa.cert + nextCa.cert });
    const next = pairOf(nextCa, CLIENT_NAMES);
    await writeAll(scraperFolder, { "prometheus.crt": next.cert, "prometheus.key": next.key });
    await scraped();
    await exchange({ "ca.crt": nextCa.cert });
    for (const { name, url } of jobs) {
      assert.equal(await failedScrapes(prometheus, name, 1), 0, name);
      const headersOf = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
      const ask = (token: string) => httpsGet({ ...optionsOf(url), ...next, ...headersOf(token) });
      const { status, headers, body } = await ask(NEW_TOKEN);
      assert.deepEqual([status, headers["x-frame-options"]], [200, "deny"]);
      assert.match(body, /^promhttp_web_config_last_reload_successful 1$/m);
      assert.equal((await ask(TOKEN)).status, 401);
      await assert.rejects(httpsGet({ ...optionsOf(url), ...client }));
    }
  });
});

const optionsOf = (url: string) => ({ port: new URL(url).port, ca: SERVER_CA.cert });

/** What the scrapers send beside their certificate. */
const CREDENTIALS = {
  password: { basic_auth: { username: "prometheus", password_file: "password" } },
  token: { authorization: { credentials_file: "token" } },
};

const configOf = (header: string) => `tls_server_config:
  cert_file: tls.crt
  key_file: tls.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
http_server_config:
  headers:
  ${header}
basic_auth_users:
${USER_LINE}
`;

function filesOf(clientCa: Authority): Readonly<Record<string, string>> {
  const { cert, key } = pairOf(SERVER_CA, SERVER_NAMES);
  return {
    "web-config.yml": configOf("  X-Frame-Options: sameorigin"),
    "tls.crt": cert,
    "tls.key": key,
    "ca.crt": clientCa.cert,
    tokens: `${TOKEN}\n`,
  };
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}

/** How often a job was scraped. */
async function countOf(prometheus: Scraper, job: string): Promise<number> {
  const [sample] = await prometheus.query(`count_over_time(up{job="${job}"}[10m])`);
  return Number(sample?.value ?? 0);
}
