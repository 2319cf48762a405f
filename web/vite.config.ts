import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    // Everything is served by the site itself under a strict Content-Security-Policy: no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
