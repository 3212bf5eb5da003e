// What the examples for Kubernetes say, where there is no Kubernetes: their schemas, and the recipe for client
// certificates with volumes and secrets as the kubelet and cert-manager make them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import { createAuthority } from "../helpers/certificates.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { firstHttpsAnswer, httpsGet } from "../helpers/http/https-get.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { type Files, VOLUMES } from "../helpers/volume.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { failedScrapes, type Job, startPrometheus } from "./programs.ts";

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const readExample = (name: string) => readFileSync(pathOf(`../../examples/${name}`), "utf8");

/** The package that has the schemas of an API, by its group. */
const SCHEMAS: Readonly<Record<string, string>> = {
  "cert-manager.io": "@kubernetes-models/cert-manager/cert-manager.io",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/monitoring.coreos.com",
  apps: "kubernetes-models/apps",
};

const MANIFESTS = ["secure/kubernetes.yaml", "pod-monitor.yaml", "annotated-deployment.yaml"];

for (const name of MANIFESTS) {
  test(`every object of the example ${name} is what its schema says`, () =>
    withTempDir(async (folder) => {
      const code = manifestsIn(name).map(({ apiVersion, kind, ...rest }, index) => {
        const [group = "", version] = apiVersion.split("/");
        const place = version
          ? `${SCHEMAS[group] ?? assert.fail(group)}/${version}`
          : "kubernetes-models/v1";
        const text = JSON.stringify({ apiVersion, kind, ...rest });
        return `import { ${kind} as Kind${index}, type I${kind} as Type${index} } from "${place}/${kind}";
const object${index}: Type${index} = ${text};
new Kind${index}(object${index}).validate();
`;
      });
      await symlink(pathOf("kubernetes/node_modules"), join(folder, "node_modules"));
      await writeFile(join(folder, "objects.mts"), code.join("\n"));
      const run = (...args: readonly string[]) =>
        execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
      // The compiler finds what no schema has, the schemas what no type says.
      const strict = ["--strict", "--skipLibCheck", "--module", "nodenext", "--types", ""];
      run(pathOf("../../node_modules/typescript/bin/tsc"), ...strict, "objects.mts");
      run("objects.mjs");
    }));
}

/** An object of Kubernetes; the schemas say what is in it. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: its schema is another one for each kind.
  readonly [field: string]: any;
}

function manifestsIn(name: string): Manifest[] {
  return parseAllDocuments(readExample(name)).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], []);
    return document.toJS();
  });
}

test("client certificates work as the recipe says, and no scrape fails when all are renewed", async () => {
  const all = manifestsIn("secure/kubernetes.yaml");
  const find = (kind: string, name: string) =>
    all.find((each) => each.kind === kind && each.metadata.name === name) ?? assert.fail(name);
  const authority = createAuthority();

  /** The secret that cert-manager makes of a certificate. */
  const secretOf = (name: string): Files => {
    const certificate = all.find(({ spec }) => spec?.secretName === name) ?? assert.fail(name);
    const { dnsNames, usages } = certificate["spec"];
    const { cert, key } = authority.issue({
      sans: dnsNames.map((dnsName: string) => `DNS:${dnsName}`),
      usage: usages.map((usage: string) => usage.replace(" auth", "")),
    });
    return { "tls.crt": cert, "tls.key": key, "ca.crt": authority.cert };
  };

  const { containers, volumes } = find("Deployment", "my-exporter")["spec"].template.spec;
  const [{ command, volumeMounts, livenessProbe, ports }] = containers;
  const [endpoint] = find("PodMonitor", "my-exporter")["spec"].podMetricsEndpoints;
  assert.equal(endpoint.port, ports[0].name);

  const port = await freePort();
  await withApp(
    { "my-exporter.mjs": readExample("exporter.mjs") },
    ["prom-client"],
    async (app) => {
      const etc = join(app.folder, "etc");
      const placed = (text: string) => text.replaceAll("/etc/my-exporter", etc);
      const mount = VOLUMES["kubelet"] ?? assert.fail();
      const mounted = new Map<string, Awaited<ReturnType<typeof mount>>>();
      for (const { name, mountPath } of volumeMounts) {
        const { secret, configMap } = volumes.find((volume: Manifest) => volume["name"] === name);
        const files: Files = secret
          ? secretOf(secret.secretName)
          : find("ConfigMap", configMap.name)["data"];
        const texts = Object.entries(files).map(([file, text]) => [file, placed(text)]);
        mounted.set(name, await mount(placed(mountPath), Object.fromEntries(texts)));
      }
      const [, ...flags] = command;
      const program = app.node([
        "node_modules/promhttp/dist/cli.js",
        `--web.listen-address=127.0.0.1:${port}`,
        ...flags.map(placed),
      ]);

      const { ca, cert, keySecret, serverName } = endpoint.tlsConfig;
      assert.deepEqual([ca.secret.name, keySecret.name], [cert.secret.name, cert.secret.name]);
      const scraperFolder = join(app.folder, "prometheus");
      const scraper = await mount(scraperFolder, secretOf(cert.secret.name));
      const job: Job = {
        name: "kubernetes",
        url: `${endpoint.scheme}://127.0.0.1:${port}/metrics`,
        interval: "1s",
        timeout: "1s",
        settings: {
          tls_config: {
            ca_file: join(scraperFolder, ca.secret.key),
            cert_file: join(scraperFolder, cert.secret.key),
            key_file: join(scraperFolder, keySecret.key),
            server_name: serverName,
          },
        },
      };
      // The kubelet does not verify, and has no certificate.
      const kubelet = { port, rejectUnauthorized: false };
      const probe = { ...kubelet, path: livenessProbe.httpGet.path };
      assert.equal(livenessProbe.httpGet.scheme, "HTTPS");
      const { serial, status } = await firstHttpsAnswer(probe);
      assert.equal(status, 200);
      assert.equal((await httpsGet(kubelet)).status, 403);

      await using prometheus = await startPrometheus([job]);
      await failedScrapes(prometheus, job.name, 2);
      await scraper.exchange(secretOf(cert.secret.name));
      await mounted.get("tls")?.exchange(secretOf("my-exporter-tls"));
      assert.equal(await failedScrapes(prometheus, job.name, 5), 0);
      assert.notEqual((await httpsGet(probe)).serial, serial);
      program.signal("SIGTERM");
      assert.equal((await program.exit()).code, 0);
    },
  );
});

test("the configuration in the recipe lets in only who has the name of Prometheus", () => {
  const all = manifestsIn("secure/kubernetes.yaml");
  const { data } = all.find(({ kind }) => kind === "ConfigMap") ?? assert.fail();
  const { client_allowed_sans } = parse(data["web-config.yml"]).tls_server_config;
  const { spec } = all.find(({ metadata }) => metadata.name === "prometheus") ?? assert.fail();
  assert.deepEqual(client_allowed_sans, spec.dnsNames);
});
