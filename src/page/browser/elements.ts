import type { Element, PageDocument, PageWindow } from "./dom.ts";

declare const document: PageDocument;
declare const window: PageWindow;

/** Makes an element of a text, which is never read as markup. */
export function make(name: string, text = "", className = ""): Element {
  const element = document.createElement(name);
  if (text !== "") element.textContent = text;
  if (className !== "") element.className = className;
  return element;
}

/** Makes a part of a drawing. */
export function draw(part: string, attributes: Readonly<Record<string, string>> = {}): Element {
  const element = document.createElementNS("http://www.w3.org/2000/svg", part);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** The words that somebody has typed, in lower case. */
export function wordsOf(typed: string): string[] {
  return typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** Makes invisible characters visible: two names must not look the same. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** Writes a count for a person to read: `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Where to ask this page for more. A relative URL would keep credentials, which `fetch()` rejects. */
export function placeOf(query: { toString(): string }): string {
  const { origin, pathname } = window.location;
  return `${origin}${pathname}?${query}`;
}
