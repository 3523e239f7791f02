import { fileURLToPath } from "node:url";
import { mergeConfig, type Connect, type Plugin } from "vite";

import shared from "../vite.config";
import { answer } from "./server";

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; " +
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

const middleware: Connect.NextHandleFunction = (request, response, next) => {
  if (!/^\/(api|objects)\b/.test(request.url ?? "")) return next();
  void answer(request, response);
};

/** The pages as they will be served, with a server that forgets everything when it ends: only for development. */
const pretended: Plugin = {
  name: "pretended-workshop",
  configureServer: (server) => void server.middlewares.use(middleware),
  configurePreviewServer: (server) => void server.middlewares.use(middleware),
};

export default mergeConfig(shared({ mode: "development", command: "serve" }), {
  root: fileURLToPath(new URL("..", import.meta.url)),
  plugins: [pretended],
  preview: { headers: HEADERS },
});
