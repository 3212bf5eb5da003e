/**
 * What a user may configure of who may connect and ask: certificates, credentials, networks, limits.
 * `security-rules.ts` holds the checks.
 */
import type { X509Certificate } from "node:crypto";

/** A text or bytes in PEM, or the path of a file, which is read again when it changes. */
export type PemSource =
  | string
  | Uint8Array
  | {
      /** The path of the file. */
      readonly file: string;
    };

/**
 * What a client certificate is needed for, as `client_auth_type` of the official exporters says it.
 *
 * - `"none"` asks for no certificate
 * - `"request"` asks for one, and takes what comes
 * - `"require"` demands one, and does not verify it
 * - `"verify-if-given"` verifies one that is there
 * - `"require-and-verify"` demands one that `clientCa` has signed
 */
export type ClientAuth = "none" | "request" | "require" | "verify-if-given" | "require-and-verify";

/** How a server speaks TLS. HTTP/2 is not offered. */
export interface TlsOptions {
  /** The certificate and its chain, leaf first. Needs `key`. */
  readonly cert?: PemSource | undefined;
  /** The private key of `cert`. */
  readonly key?: PemSource | undefined;
  /** The passphrase of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** Certificate and key in one, as PKCS #12, in place of `cert` and `key`. */
  readonly pfx?:
    | Uint8Array
    | {
        /** The path of the file. */
        readonly file: string;
      }
    | undefined;
  /**
   * What a client certificate is needed for.
   * @default "require-and-verify" with `clientCa`, otherwise "none"
   */
  readonly clientAuth?: ClientAuth | undefined;
  /** The authorities that sign client certificates. Needs one of the verifying `clientAuth`. */
  readonly clientCa?: PemSource | undefined;
  /**
   * The names of which a client certificate must have one: DNS, email, IP or URI, exactly;
   * `"spiffe://example.org/*"` allows a trust domain. The common name never counts. Needs one of the
   * verifying `clientAuth`.
   * @default undefined, which allows all
   */
  readonly clientAllowedSans?: readonly string[] | undefined;
  /**
   * The oldest version of TLS.
   * @default "TLSv1.2"
   */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /**
   * The cipher suites of TLS 1.2, by the names of OpenSSL.
   * @default those of Node
   */
  readonly ciphers?: readonly string[] | undefined;
  /**
   * The curves of the key exchange, by the names of OpenSSL, the preferred one first.
   * @default those of Node
   */
  readonly curves?: readonly string[] | undefined;
}

/** What `AuthOptions.authorize()` is told of a request. */
export interface AuthorizeRequest {
  /** As the client has sent it, such as `"GET"`. */
  readonly method: string;
  /** The request target without its query. */
  readonly path: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The address of the client; `undefined` for a unix socket, and where nobody knows it. */
  readonly remoteAddress: string | undefined;
  /** The client's certificate, if it has sent one, whether or not it is verified. */
  readonly certificate?: X509Certificate | undefined;
}

/**
 * The credentials that let a client in: those of a user, a token, or what `authorize()` decides. Any one
 * of them is enough.
 */
export interface AuthOptions {
  /** The hashes of passwords, in bcrypt, by the names of users (`htpasswd -nBC 10 ""`). */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Bearer tokens of at least 16 characters. */
  readonly bearerTokens?: readonly string[] | undefined;
  /** A file with a bearer token in each line, which is read again when it changes. */
  readonly bearerTokenFile?: string | undefined;
  /**
   * Decides on a request that has no other credentials; `true` lets it in. What rejects, or takes longer
   * than 5 seconds, is answered with 503.
   */
  readonly authorize?: ((request: AuthorizeRequest) => boolean | PromiseLike<boolean>) | undefined;
}

/** A limit on the rate of requests that have credentials, for all clients together (a token bucket). */
export interface RateLimit {
  /** How often one more request is allowed, in milliseconds. */
  readonly intervalMs: number;
  /** How many requests may come at once, from 1. */
  readonly burst: number;
}

/**
 * Whether `/-/healthy` and `/-/ready` answer a client without credentials: `"never"` as the official
 * exporters, `"without-credentials"`, or `"without-certificate"`, which needs neither.
 */
export type OpenHealth = "never" | "without-credentials" | "without-certificate";
