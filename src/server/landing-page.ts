/** Makes the page for a person who opens the server's address in a browser. */
export function createLandingPage(metricsPath: string): string {
  const path = escapeHtml(metricsPath);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Metrics</title>
<h1>Metrics</h1>
<p>This process is monitored by Prometheus.</p>
<ul>
<li><a href="${path}">${path}</a></li>
<li><a href="/-/healthy">/-/healthy</a></li>
<li><a href="/-/ready">/-/ready</a></li>
</ul>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
