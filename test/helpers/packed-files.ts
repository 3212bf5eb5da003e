interface Tool {
  readonly packedFiles: () => readonly { readonly path: string }[];
}

/** The paths of the files that npm would publish. */
export async function packedFiles(): Promise<string[]> {
  const url = new URL("../../tools/packed-files.mjs", import.meta.url);
  const tool: Tool = await import(url.href);
  return tool.packedFiles().map(({ path }) => path);
}
