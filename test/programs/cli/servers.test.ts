import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { createAuthority } from "../../helpers/certificates.ts";
import { freePort } from "../../helpers/http/free-port.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import { type Fixture, forkNode } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";

const PROGRAM = "node_modules/promhttp/dist/cli.js";
const ANYWHERE = "--web.listen-address=127.0.0.1:0";

const EXPORTER = "export default { gather: () => ({ families: [] }) };";

const HASH = hashSync("secret", 4);
const ALICE = { authorization: `Basic ${btoa("alice:secret")}` };
const BOB = { authorization: `Basic ${btoa("bob:secret")}` };

const TOKEN = "0123456789abcdefghij";
const BEARER = { authorization: `Bearer ${TOKEN}` };

const AUTHORITY = createAuthority();
const SERVER = AUTHORITY.issue({ sans: ["IP:127.0.0.1"] });

const FILES: Readonly<Record<string, string>> = {
  "exporter.mjs": EXPORTER,
  "users.yml": `basic_auth_users:\n  alice: ${HASH}\n`,
  "tls.yml": "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n",
  "tls.crt": SERVER.cert,
  "tls.key": SERVER.key,
  "broken.yml": `basic_auth_users:\n  alice: ${HASH}\nfoo: 1\n`,
  tokens: `# ours\n\n${TOKEN}\n`,
};

function run({ node }: App, ...args: readonly string[]): Fixture {
  return node([PROGRAM, ANYWHERE, ...args, "exporter.mjs"]);
}

function urlOf(child: Fixture): Promise<string> {
  return child.errorLine(/ level=info msg="Listening on" address=127\.0\.0\.1:\d+ url=(\S+)$/);
}

async function statusOf(url: string, headers: Readonly<Record<string, string>> = {}) {
  return (await httpGet(url, headers)).status;
}

async function end(child: Fixture): Promise<void> {
  child.signal("SIGTERM");
  assert.equal((await child.exit()).code, 0);
}

test("the program speaks TLS, and says so", async () => {
  await withApp(FILES, [], async (app) => {
    const child = run(app, "--web.config.file=tls.yml");
    const url = await urlOf(child);
    const address = await child.errorLine(
      /level=info msg="TLS is enabled\." http2=false address=(127\.0\.0\.1:\d+)$/,
    );
    assert.equal(url, `https://${address}/metrics`);
    const request = get(url, { ca: AUTHORITY.cert, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    assert.equal(response.resume().statusCode, 200);
    await end(child);
  });
});

test("the program says that a unix socket has TLS", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const args = ["--web.listen-address=unix:app.sock", "--web.config.file=tls.yml"];
    const child = node([PROGRAM, ...args, "exporter.mjs"]);
    await child.errorLine(/level=info msg="TLS is enabled\." http2=false address=app\.sock$/);
    await end(child);
  });
});

test("the program demands the password of a user or a token, on each of its addresses", async () => {
  await withApp(FILES, [], async (app) => {
    const child = run(
      app,
      "--web.listen-address=127.0.0.1:0",
      "--web.config.file=users.yml",
      "--web.bearer-token-file=tokens",
    );
    await child.errorLine(/msg="TLS is disabled\." http2=false address=127\.0\.0\.1:\d+$/);
    const first = await urlOf(child);
    const second = await child.errorLine(new RegExp(`Listening on.* url=(?!${first})(\\S+)$`));
    for (const url of [first, second]) {
      assert.equal(await statusOf(url), 401);
      assert.equal(await statusOf(url, ALICE), 200);
      assert.equal(await statusOf(url, BEARER), 200);
      assert.equal(await statusOf(url.replace("metrics", "-/healthy")), 200);
    }
    await end(child);
  });
});

test("the program serves no health without credentials with --web.open-health=never", async () => {
  await withApp(FILES, [], async (app) => {
    const child = run(app, "--web.bearer-token-file=tokens", "--web.open-health=never");
    const health = (await urlOf(child)).replace("metrics", "-/healthy");
    assert.equal(await statusOf(health), 401);
    assert.equal(await statusOf(health, BEARER), 200);
    await end(child);
  });
});

test("the program answers for health at an address of its own", async () => {
  await withApp(FILES, [], async (app) => {
    const port = await freePort();
    const child = run(
      app,
      "--web.config.file=tls.yml",
      "--web.listen-address=127.0.0.1:0",
      `--web.health-listen-address=127.0.0.1:${port}`,
    );
    await child.errorLine(
      new RegExp(`level=info msg="Answering only for health on" address=127.0.0.1:${port}$`),
    );
    const origin = `http://127.0.0.1:${port}`;
    assert.equal(await statusOf(`${origin}/-/healthy`), 200);
    assert.equal(await statusOf(`${origin}/metrics`), 404);
    await end(child);
    await assert.rejects(statusOf(`${origin}/-/healthy`), { code: "ECONNREFUSED" });
  });
});

test("the program finds its files though the module changes the working directory", async () => {
  const files = { ...FILES, "exporter.mjs": `process.chdir("/");\n${EXPORTER}` };
  await withApp(files, [], async (app) => {
    const child = run(app, "--web.bearer-token-file=tokens");
    assert.equal(await statusOf(await urlOf(child), BEARER), 200);
    await end(child);
  });
});

test("the program refuses networks that are not allowed", async () => {
  await withApp(FILES, [], async (app) => {
    const child = run(app, "--web.allowed-networks=192.0.2.0/24,2001:db8::/32");
    assert.equal(await statusOf(await urlOf(child)), 403);
    await end(child);
  });
});

/** Flags whose files cannot be honoured, and what the line says. */
const BROKEN: readonly [flag: string, reason: RegExp][] = [
  ["--web.config.file=broken.yml", /Cannot use \S*broken\.yml:3: .*foo/],
  ["--web.config.file=nowhere.yml", /Cannot use \S*nowhere\.yml: /],
  ["--web.bearer-token-file=exporter.mjs", /Cannot use \S*exporter\.mjs:1: /],
];

for (const [flag, reason] of BROKEN) {
  for (const check of [[], ["--web.config.check"]]) {
    const args = [flag, ...check];
    test(`the program ends with status 1 and one line for ${args.join(" ")}`, async () => {
      await withApp(FILES, [], async (app) => {
        const { code, stdout, stderr } = await run(app, ...args).exit();
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
        assert.match(stderr, /^ts=\S+ level=error msg="[^\n]*"\n$/);
        assert.match(stderr, reason);
      });
    });
  }
}

test("the program checks files, and serves nothing", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const flags = ["--web.config.file=users.yml", "--web.bearer-token-file=tokens"];
    const child = node([PROGRAM, "--web.config.check", ...flags, "no-such-module.mjs"]);
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    assert.match(stderr, /level=info msg="The files are valid"\n$/);
    assert.doesNotMatch(stderr, /Listening/);
  });
});

test("the program accepts the example with every key", async () => {
  const example = new URL("../../../examples/secure/every-key.yml", import.meta.url);
  const text = await readFile(example, "utf8");
  const files = { ...FILES, "web.yml": text, "ca.crt": AUTHORITY.cert };
  await withApp(files, [], async ({ node, folder }) => {
    await chmod(join(folder, "tls.key"), 0o600);
    const { code, stderr } = await node([
      PROGRAM,
      "--web.config.check",
      "--web.config.file=web.yml",
    ]).exit();
    assert.equal(code, 0);
    assert.match(stderr, /^ts=\S+ level=info msg="The files are valid"\n$/);
  });
});

test("the program warns of passwords in the clear when it checks a file", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const child = node([PROGRAM, "--web.config.check", "--web.config.file=users.yml"]);
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    assert.match(stderr, /level=warn msg="Passwords and tokens cross the network in the clear/);
  });
});

// Windows has no such signals, sockets and modes.
const onPosix = { skip: process.platform === "win32" };

test("the program gives its unix socket a mode", onPosix, async () => {
  await withApp(FILES, [], async ({ folder, node }) => {
    const args = ["--web.listen-address=unix:app.sock", "--web.socket-mode=0606", "exporter.mjs"];
    const child = node([PROGRAM, ...args]);
    await child.errorLine(/msg="Listening on" address=app\.sock/);
    assert.equal((await stat(join(folder, "app.sock"))).mode & 0o777, 0o606);
    await end(child);
  });
});

test("the program takes the socket that systemd passes", onPosix, async () => {
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  try {
    await withApp(FILES, [], async ({ folder }) => {
      // As systemd starts it: in the process whose number the variable has.
      const script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"';
      const args = ["-c", script, process.execPath, PROGRAM, "--web.systemd-socket"];
      // Cast: the type does not have what the declarations of Node leave out.
      const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
      const child = forkNode([...args, "exporter.mjs"], {
        cwd: folder,
        program: "sh",
        stdio: [fd],
      });
      const url = await urlOf(child);
      assert.equal(new URL(url).port, `${port}`);
      socket.close();
      assert.equal(await statusOf(url), 200);
      await end(child);
    });
  } finally {
    socket.close();
  }
});

test("the program ends with status 1 where systemd passes no socket", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const { code, stderr } = await node([PROGRAM, "--web.systemd-socket", "exporter.mjs"]).exit();
    assert.equal(code, 1);
    assert.match(stderr, /^ts=\S+ level=error msg="Cannot listen on [^\n]*"\n$/);
  });
});

test("the program reads its files again on SIGHUP", onPosix, async () => {
  await withApp(FILES, [], async (app) => {
    const child = run(app, "--web.config.file=users.yml");
    const url = await urlOf(child);
    assert.equal(await statusOf(url, BOB), 401);
    const file = join(app.folder, "users.yml");
    await writeFile(file, `${FILES["users.yml"]}  bob: ${HASH}\n`);
    child.signal("SIGHUP");
    await child.errorLine(/level=info msg="Reading files again" signal=SIGHUP$/);
    assert.equal(await statusOf(url, BOB), 200);
    await end(child);
  });
});

test("the program ends on SIGHUP where it has no files", onPosix, async () => {
  await withApp(FILES, [], async (app) => {
    const child = run(app);
    await urlOf(child);
    child.signal("SIGHUP");
    assert.equal((await child.exit()).signal, "SIGHUP");
  });
});
