import type { Page } from "playwright-core";

/** A text of a page, and how it stands out from what is behind it. */
export interface Contrast {
  readonly text: string;
  /** From 1, not at all, to 21, black on white (WCAG 2, contrast ratio). */
  readonly ratio: number;
}

/** The contrast of each text of a page. */
export async function contrasts(page: Page): Promise<readonly Contrast[]> {
  const texts = await page.evaluate<readonly ColouredText[]>(LIST_TEXTS);
  return texts.map(({ text, color, back }) => ({ text, ratio: ratioOf(color, back) }));
}

interface ColouredText {
  readonly text: string;
  readonly color: string;
  readonly back: string;
}

/** Runs in the page: each element that has text of its own, with the colour that is behind it. */
const LIST_TEXTS = `
Array.from(document.body.querySelectorAll("*"))
  .filter((element) => element.checkVisibility())
  .flatMap((element) => {
    const texts = Array.from(element.childNodes, (node) => node.nodeType === 3 ? node.data : "");
    const text = element.placeholder || texts.join("").trim();
    if (text === "") return [];
    let behind = element;
    while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
    const { color } = getComputedStyle(element, element.placeholder ? "::placeholder" : null);
    return [{ text, color, back: getComputedStyle(behind).backgroundColor }];
  })`;

/** The ratio of two colours as browsers write them: `rgb(1, 2, 3)`. */
export function ratioOf(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** WCAG 2, relative luminance. */
function luminanceOf(color: string): number {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)?.slice(1);
  if (channels === undefined) throw new Error(`Not an opaque colour: ${color}`);
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
