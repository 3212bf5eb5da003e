// Not `.babelrc`, which Babel does not read for what is in node_modules.
module.exports = {
  presets: [["@babel/preset-env", { targets: { node: "current" } }]],
};
