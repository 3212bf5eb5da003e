import type { PageLink } from "../../scrape/exchange.ts";
import { type Html, html, NO_HTML, showName } from "./html.ts";

/** Links to all paths of the server, and has a form for each of its probes, which needs no script. */
export function pathLinks(paths: readonly PageLink[]): Html {
  const links = paths.filter(({ probe }) => probe === undefined);
  const nav = links.length === 0 ? NO_HTML : html`<nav>${links.map(linkTo)}</nav>\n`;
  return html`${nav}${paths.map(formOf)}`;
}

function linkTo({ path }: PageLink): Html {
  return html` <a href="${relative(path)}">${path}</a>`;
}

/** Not from the root: a proxy may have put a path in front. The dot makes it a path, whatever it is. */
function relative(path: string): string {
  return `.${path}`;
}

/** A person asks a target as a scraper does: with GET, and a query of these names. */
function formOf({ path, probe }: PageLink): Html {
  if (probe === undefined) return NO_HTML;
  const { modules, params = [] } = probe;
  // The first module is the default, for a scraper, too.
  const module = modules === undefined ? NO_HTML : field("module", selectOf(modules));
  const inputs = params.map((name) => field(name, html`<input name="${name}"${AS_TYPED}>`));
  return html`<form class="probe" action="${relative(path)}" aria-label="Probe ${path}">
${field("target", TARGET)}${module}${inputs}<button>Probe <code>${path}</code></button>
</form>
`;
}

/** Keeps browsers from altering what somebody types. */
const AS_TYPED = html` autocapitalize="off" autocorrect="off" spellcheck="false"`;

const TARGET = html`<input name="target" required placeholder="Host, host:port or URL"${AS_TYPED}>`;

function selectOf(modules: readonly string[]): Html {
  const options = modules.map((name) => html`<option value="${name}">${shown(name)}</option>`);
  return html`<select name="module">${options}</select>`;
}

function field(name: string, control: Html): Html {
  return html`<label>${shown(name)} ${control}</label>\n`;
}

const MAX_NAME_LENGTH = 60;

function shown(name: string): string {
  return showName(name, MAX_NAME_LENGTH);
}
