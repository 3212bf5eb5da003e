/** Loads a package once more: a tree of dependencies often has it twice. */
export function secondCopy(require, name) {
  const first = require(name);
  const isOf = (path) => path.includes(`/node_modules/${name}/`);
  for (const path of Object.keys(require.cache).filter(isOf)) delete require.cache[path];
  const second = require(name);
  if (second === first) throw new Error(`There is one copy of ${name} only`);
  return second;
}
