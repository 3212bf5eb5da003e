/**
 * The script of the page: it searches the table. Without it the page has everything else.
 *
 * A row is shown when it has all words that were typed.
 */
export const SCRIPT = `
const form = document.querySelector("form");
if (form !== null) {
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const rows = Array.from(document.querySelectorAll("tbody tr"), (row) => ({
    row,
    text: row.firstElementChild.textContent.toLowerCase(),
  }));
  const search = () => {
    const words = input.value.toLowerCase().split(" ").filter((word) => word !== "");
    let found = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) found++;
    }
    output.textContent = words.length === 0 ? "" : found + " of " + rows.length;
  };
  input.addEventListener("input", search);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  // A browser keeps what was typed when the page is loaded again.
  search();
}
`;
