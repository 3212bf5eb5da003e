/**
 * What the scripts use of a browser, as types: Node's own types have none, and those of browsers would
 * let every other file use them, too.
 */

/** An element, or the whole document. */
export interface Element {
  textContent: string | null;
  className: string;
  hidden: boolean;
  href: string;
  value: string;
  dir: string;
  readonly search: string;
  readonly type: string;
  readonly dataset: Record<string, string | undefined>;
  readonly firstElementChild: Element | null;
  readonly lastElementChild: Element | null;
  readonly children: Iterable<Element>;
  append(...nodes: readonly (Element | string)[]): void;
  replaceChildren(...nodes: readonly (Element | string)[]): void;
  replaceWith(node: Element): void;
  remove(): void;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
  addEventListener(event: string, listener: (event: PageEvent) => void): void;
}

/** An event that a listener gets. */
interface PageEvent {
  preventDefault(): void;
}

/** The document of the page. */
export interface PageDocument extends Pick<Element, "querySelector" | "querySelectorAll"> {
  readonly visibilityState: string;
  createElement(name: string): Element;
  createElementNS(namespace: string, name: string): Element;
  addEventListener(event: string, listener: () => void): void;
}

/** The window of the page. */
export interface PageWindow {
  readonly location: Readonly<Record<"hash" | "origin" | "pathname" | "search", string>>;
  /** Lasts as long as the tab. */
  readonly sessionStorage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
  };
  readonly history: { replaceState(state: null, unused: string, url: string): void };
  addEventListener(event: string, listener: () => void): void;
}
