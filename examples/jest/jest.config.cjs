// Where Jest runs CommonJS, Babel has to make CommonJS of promhttp, too: it is an ES module.
module.exports = {
  transformIgnorePatterns: ["/node_modules/(?!(.*/)?promhttp/)"],
};
