// PostgreSQL, with a query for each source: a scrape may leave out those that are slow.
import { Pool } from "pg";

export const flags = {
  "db.url": {
    type: "string",
    default: "postgresql://localhost/postgres",
    env: "DB_URL",
    help: "Where the database is. A URL with a password belongs in DB_URL.",
  },
};

/** What each source asks, and which columns of the answer are labels or metrics. */
const SOURCES = {
  sizes: {
    query: `SELECT datname, pg_database_size(oid) AS pg_database_size_bytes FROM pg_database
      WHERE datallowconn AND has_database_privilege(oid, 'CONNECT')`,
    labels: ["datname"],
    metrics: [["pg_database_size_bytes", "gauge", "pg_database_size() of each database."]],
  },
  transactions: {
    query: `SELECT datname, xact_commit + xact_rollback AS pg_transactions_total,
      xact_rollback AS pg_transactions_rolled_back_total
      FROM pg_stat_database WHERE datname IS NOT NULL`,
    labels: ["datname"],
    metrics: [
      ["pg_transactions_total", "counter", "Transactions; xact_commit + xact_rollback."],
      ["pg_transactions_rolled_back_total", "counter", "Those rolled back; xact_rollback."],
    ],
  },
  connections: {
    query: `SELECT datname, state, count(*) AS pg_connections FROM pg_stat_activity
      WHERE datname IS NOT NULL AND state IS NOT NULL GROUP BY datname, state`,
    labels: ["datname", "state"],
    metrics: [["pg_connections", "gauge", "Connections; pg_stat_activity."]],
  },
};

/** Makes the families anew for each scrape: nothing is served of a database that is gone. */
async function read(pool, { query, labels, metrics }) {
  const { rows } = await pool.query(query);
  const labelsOf = (row) => Object.fromEntries(labels.map((label) => [label, row[label]]));
  const metricsOf = (name) => rows.map((row) => ({ labels: labelsOf(row), value: +row[name] }));
  return {
    families: metrics.map(([name, type, help]) => ({ name, type, help, metrics: metricsOf(name) })),
  };
}

export default function createExporter({ "db.url": connectionString }) {
  const limits = { connectionTimeoutMillis: 2_000, statement_timeout: 5_000, query_timeout: 6_000 };
  const pool = new Pool({ connectionString, max: 3, ...limits });
  // Without a listener, an idle connection that breaks would end the process.
  pool.on("error", () => {});
  const gathererOf = ([name, source]) => [name, { gather: () => read(pool, source) }];
  const registry = Object.fromEntries(Object.entries(SOURCES).map(gathererOf));
  return { registry, close: () => pool.end() };
}
