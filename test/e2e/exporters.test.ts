// The examples of exporters, run by the program and in a server, beside a real database, under a Prometheus with
// the configuration that the guide shows.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { type NamedSources, render, Server } from "../../src/index.ts";
import { createAuthority, inDays } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { PLUG_SAMPLES, standIn, standInPlug } from "../helpers/stand-ins.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { parseExposition } from "../judge/index.ts";
import {
  EXAMPLES,
  placePostgresExporter,
  readExample,
  startProgram,
  startServer,
} from "./exporter-processes.ts";
import { startPostgres } from "./postgres.ts";
import { eventually, type Job, type Scraper, startPrometheus } from "./programs.ts";

/** The jobs of the example's configuration, scraped every second. */
async function readJobs(replacements: Readonly<Record<string, string>>): Promise<readonly Job[]> {
  execFileSync("promtool", ["check", "config", join(EXAMPLES, "prometheus.yml")]);
  let text = await readExample("prometheus.yml");
  for (const [name, address] of Object.entries(replacements)) {
    assert.ok(text.includes(name), name);
    text = text.replaceAll(name, address);
  }
  return parse(text).scrape_configs.map(
    ({ job_name: name, scrape_interval: _, ...settings }: Record<string, string>) => ({
      ...{ name, settings, interval: "1s", timeout: "1s" },
      // Its targets are among the settings.
      url: "http://localhost/metrics",
    }),
  );
}

/** The values of a query, by a label, as soon as they are as expected. */
async function assertStored(
  prometheus: Scraper,
  promql: string,
  expected: Readonly<Record<string, number>>,
  label = "instance",
): Promise<void> {
  let stored: object = {};
  const look = async () => {
    const samples = await prometheus.query(promql);
    stored = Object.fromEntries(
      samples.map(({ metric, value }) => [metric[label] ?? "", Number(value)]),
    );
    return isDeepStrictEqual(stored, expected) || undefined;
  };
  await eventually(promql, look).catch(() => assert.deepEqual(stored, expected, promql));
}

/** What a target is known by, beside what Prometheus adds. */
const seriesOf = (job: string) =>
  `count by (instance) ({job="${job}",__name__!~"up|(scrape|promhttp)_.+"})`;

test("Prometheus stores what each exporter finds, relabelled as in the guide", () =>
  withTempDir(async (folder) => {
    const authority = createAuthority();
    const notAfter = inDays(10);
    await writeFile(join(folder, "ca.crt"), authority.cert);
    const identity = authority.issue({ sans: ["DNS:localhost", "IP:127.0.0.1"], notAfter });
    const env = { NODE_EXTRA_CA_CERTS: join(folder, "ca.crt") };
    await using plug = await standInPlug();
    await using oldPlug = await standInPlug();
    await using silentPlug = await standIn(createServer((socket) => socket.resume()));
    await using https = await standIn(createTlsServer(identity));
    await using database = await startPostgres();

    const allow = ["--targets.allow=127.0.0.1", "--targets.allow=localhost"];
    await using shelly = await startProgram(join(EXAMPLES, "shelly.mjs"), allow);
    await using tls = await startProgram(join(EXAMPLES, "tls.mjs"), allow, env);
    const module = await placePostgresExporter(folder);
    await using postgres = await startProgram(module, [], { DB_URL: database.url });
    await using server = await startServer(env);

    const up = `127.0.0.1:${plug.port}`;
    const down = `127.0.0.1:${await freePort()}`;
    const silent = `127.0.0.1:${silentPlug.port}`;
    const old = `127.0.0.1:${oldPlug.port}`;
    const byName = `localhost:${https.port}`;
    const byAddress = `127.0.0.1:${https.port}`;
    const targets = {
      "plug-1.lan": up,
      "plug-2.lan": `${down}", "${silent}`,
      "old-plug.lan": old,
      "mail.example.com:993": byAddress,
      "example.com:443": byName,
    };
    const jobs = await readJobs({
      ...targets,
      "localhost:9464": shelly.address,
      "localhost:9465": tls.address,
      "localhost:9466": postgres.address,
    });
    // The same probes, at paths of a server without the program.
    const served = await readJobs({
      ...targets,
      "localhost:9464": server.address,
      "localhost:9465": server.address,
    });
    const probes = served.slice(0, 2).map(({ name, settings, ...job }) => ({
      ...{ ...job, name: `${name} in a server` },
      settings: { ...settings, metrics_path: `/probe/${name}` },
    }));
    await using prometheus = await startPrometheus([...jobs, ...probes]);
    const stored = (promql: string, expected: Readonly<Record<string, number>>, label?: string) =>
      assertStored(prometheus, promql, expected, label);

    for (const job of ["shelly", "shelly in a server"]) {
      await stored(`up{job="${job}"}`, { [up]: 1, [down]: 1, [silent]: 1, [old]: 1 });
      await stored(`probe_success{job="${job}"}`, { [up]: 1, [down]: 0, [silent]: 0, [old]: 1 });
      const { gen1, gen2 } = PLUG_SAMPLES;
      for (const name of Object.keys(gen2) as readonly (keyof typeof gen2)[]) {
        await stored(`${name}{job="${job}"}`, { [up]: gen2[name], [old]: gen1[name] });
      }
      // Beside these, what each probe has: whether, how long, and how long it had.
      await stored(seriesOf(job), { [up]: 7, [old]: 7, [down]: 3, [silent]: 3 });
    }
    for (const job of ["tls", "tls in a server"]) {
      await stored(`probe_success{job="${job}"}`, { [byName]: 1, [byAddress]: 1 });
      await stored(`tls_verified{job="${job}"}`, { [byName]: 1, [byAddress]: 1 });
      const seconds = Math.floor(notAfter.getTime() / 1_000);
      const expiry = `tls_certificate_not_after_timestamp_seconds{job="${job}",depth="0"}`;
      await stored(expiry, { [byName]: seconds, [byAddress]: seconds });
    }

    const success = "promhttp_scrape_collector_success";
    await stored(`${success}{job="postgres"}`, { transactions: 1, connections: 1 }, "collector");
    await stored(`${success}{job="postgres-sizes"}`, { sizes: 1 }, "collector");
    await stored('pg_database_size_bytes{datname="postgres"} > bool 0', { [postgres.address]: 1 });
    await stored('pg_transactions_total{datname="postgres"} > bool 0', { [postgres.address]: 1 });
    const share = "pg_transactions_rolled_back_total / pg_transactions_total";
    await stored(`${share}{datname="postgres"} < bool 0.5`, { [postgres.address]: 1 });
    await stored('pg_connections{datname="postgres",state="active"} > bool 0', {
      [postgres.address]: 1,
    });

    const counted = 'promhttp_probes_total{job="exporters",path="/probe",module="gen2"} > bool 0';
    await stored(counted, { success: 1, failure: 1, timeout: 1, refused: 0 }, "result");

    const [targetDown, exporterDown, certificateExpires] = await readAlerts();
    await stored(`sum by (instance) (${targetDown}) + 1`, { [down]: 1, [silent]: 1 });
    await stored(`count by (instance) (${certificateExpires})`, { [byName]: 1, [byAddress]: 1 });

    // The database goes and comes back; its exporter stays.
    await stored(`${exporterDown}`, {});
    await database.stop();
    await stored(`${exporterDown}`, { postgres: 0, "postgres-sizes": 0 }, "job");
    await stored('{__name__=~"pg_.+"}', {});
    await database.start();
    await stored(`${exporterDown}`, {});

    await lint(`http://${shelly.address}/probe?target=${up}`);
    await lint(`http://${tls.address}/probe?target=${byName}`);
    await lint(`http://${postgres.address}/metrics`);
  }));

/** The expressions of the example's alerts. */
async function readAlerts(): Promise<readonly string[]> {
  execFileSync("promtool", ["check", "rules", join(EXAMPLES, "alerts.yml")]);
  const { groups } = parse(await readExample("alerts.yml"));
  return groups[0].rules.map(({ expr }: { readonly expr: string }) => expr);
}

/** What Prometheus has to say about names, units and types. */
async function lint(url: string): Promise<void> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  const input = await response.text();
  const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input });
  assert.deepEqual([status, `${stderr}`], [0, ""], url);
}

test("a database that is silent is a failed scrape, before the scraper gives up", () =>
  withTempDir(async (folder) => {
    await using silent = await standIn(createServer((socket) => socket.resume()));
    const { registry, close } = await createPostgresExporter(
      folder,
      `postgresql://test@127.0.0.1:${silent.port}/postgres`,
    );
    await assert.rejects(render(registry), COLLECTORS_FAILED);
    await close();
  }));

test("the sources of the database are a path of a server, too", () =>
  withTempDir(async (folder) => {
    await using database = await startPostgres();
    const { registry, close } = await createPostgresExporter(folder, database.url);
    const paths = { "/metrics/db": registry };
    await using server = await Server.listen(countingGatherer(), "127.0.0.1:0", { paths });
    const response = await fetch(`${server.url}/db?collect[]=sizes`);
    const families = parseExposition(
      response.headers.get("content-type") ?? "",
      Buffer.from(await response.arrayBuffer()),
    );
    const names = families.map(({ name }) => name).filter((name) => name.startsWith("pg_"));
    assert.deepEqual(names, ["pg_database_size_bytes"]);
    await close();
    // Its connections are gone, and it makes no others.
    await assert.rejects(render(registry), COLLECTORS_FAILED);
  }));

const COLLECTORS_FAILED = { message: "Collectors failed: sizes, transactions, connections" };

/** Makes the exporter of a database, without the program. */
async function createPostgresExporter(folder: string, url: string) {
  const module: { readonly default: CreateExporter } = await import(
    pathToFileURL(await placePostgresExporter(folder)).href
  );
  return module.default({ "db.url": url });
}

type CreateExporter = (flags: Readonly<Record<string, string>>) => {
  readonly registry: NamedSources;
  readonly close: () => Promise<void>;
};
