// Builds the app, and the custom element beside it; options as of `vite build`.
import { build } from "vite";
import process from "node:process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { outDir: { type: "string" }, logLevel: { type: "string" } } });
const output = values.outDir ? { build: { outDir: values.outDir } } : {};
process.env.NODE_ENV = "production";
for (const mode of ["production", "element"]) await build({ ...output, mode, logLevel: values.logLevel ?? "info" });
