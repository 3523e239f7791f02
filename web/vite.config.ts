import { defineConfig, type UserConfig } from "vite";

// The built files are committed: the same sources make the same bytes in every folder.
const COMMON: UserConfig = { base: "./", envDir: false, clearScreen: false };
// The first that know light-dark(), of 2024.
const CSS_TARGET = ["chrome123", "edge123", "firefox120", "safari17.5"];
const OUTPUT = { outDir: "../functions/web_api/static", target: "es2022", cssTarget: CSS_TARGET, sourcemap: false };

/** The app; with `--mode element` the custom element, one file under a name that stays, into the same folder. */
export default defineConfig(({ mode }) =>
  mode === "element"
    ? {
        ...COMMON,
        publicDir: false,
        build: {
          ...OUTPUT,
          emptyOutDir: false,
          lib: {
            entry: "src/element/index.tsx",
            formats: ["iife"],
            name: "WorkshopDrop",
            fileName: () => "workshop-drop.js",
          },
        },
      }
    : {
        ...COMMON,
        build: {
          ...OUTPUT,
          emptyOutDir: true,
          modulePreload: false,
          // Style and script come from files only, as the app's Content-Security-Policy wants.
          assetsInlineLimit: 0,
          cssCodeSplit: false,
        },
        worker: { format: "es" },
      },
);
