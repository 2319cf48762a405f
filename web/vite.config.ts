import { defineConfig } from "vite";

const LIBRARY = "chart-library"; // the console loads it under this name

export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    // The site serves everything itself under a strict Content-Security-Policy: no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: "index.html", [LIBRARY]: `src/${LIBRARY}.ts` },
      preserveEntrySignatures: "exports-only",
      output: {
        entryFileNames: ({ name }) => (name === LIBRARY ? "[name].js" : "assets/[name]-[hash].js"),
        assetFileNames: ({ names }) =>
          names.some((name) => name.startsWith(LIBRARY)) ? "[name][extname]" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
