// Writes src/api/types.ts from the interface document; with --check says whether it is what would be written.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const SOURCE = new URL("../../layers/workshop/workshop/web/openapi.json", import.meta.url);
const TARGET = new URL("../src/api/types.ts", import.meta.url);
const HEAD = "// Made from layers/workshop/workshop/web/openapi.json by `npm run types`: change that, not this.\n";

const quoted = (text) => JSON.stringify(text);
const property = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : quoted(name));

/** A JSON schema as a TypeScript type. */
function typeOf(schema, indent = "") {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map(quoted).join(" | ");
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, indent)).join(" | ");
  switch (schema.type) {
    case "null":
      return "null";
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return schema.prefixItems
        ? `[${schema.prefixItems.map((one) => typeOf(one, indent)).join(", ")}]`
        : `Array<${typeOf(schema.items, indent)}>`;
    case "object":
      return schema.properties
        ? objectOf(schema, indent)
        : `Record<string, ${typeOf(schema.additionalProperties, indent)}>`;
    default:
      throw new Error(`no TypeScript type for ${JSON.stringify(schema)}`);
  }
}

function objectOf(schema, indent) {
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, one]) => {
    const note = one.description ? `${inner}/** ${one.description} */\n` : "";
    const optional = schema.required?.includes(name) ? "" : "?";
    return `${note}${inner}${property(name)}${optional}: ${typeOf(one, inner)};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

const bodyOf = (holder) => {
  const schema = holder?.content?.["application/json"]?.schema;
  return schema ? typeOf(schema) : "undefined";
};

function parametersOf(operation, place) {
  const found = (operation.parameters ?? []).filter((one) => one.in === place);
  if (!found.length) return "undefined";
  return `{ ${found.map((one) => `${one.name}${one.required ? "" : "?"}: ${typeOf(one.schema)}`).join("; ")} }`;
}

function* operationsOf(document) {
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods)) yield { path, method: method.toUpperCase(), operation };
}

function write(document) {
  let text = HEAD;
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    const note = schema.description ? `/** ${schema.description} */\n` : "";
    text += `\n${note}export type ${name} = ${typeOf(schema)};\n`;
  }
  text += "\n/** What each operation is asked with and answers. */\nexport interface Operations {\n";
  const rows = [];
  for (const { path, method, operation } of operationsOf(document)) {
    const good = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))[1];
    text += `  /** ${operation.summary} */\n  ${operation.operationId}: {\n`;
    text += `    path: ${parametersOf(operation, "path")};\n    query: ${parametersOf(operation, "query")};\n`;
    text += `    body: ${bodyOf(operation.requestBody)};\n    answer: ${bodyOf(good)};\n  };\n`;
    rows.push(`  ${operation.operationId}: [${quoted(method)}, ${quoted(path)}],\n`);
  }
  text += "}\n\n/** Method and address of each operation. */\n";
  text += `export const ROUTES: Record<keyof Operations, readonly [string, string]> = {\n${rows.join("")}};\n`;
  return text;
}

const wanted = write(JSON.parse(readFileSync(SOURCE, "utf8")));
if (!process.argv.includes("--check")) writeFileSync(TARGET, wanted);
else if (readFileSync(TARGET, "utf8") !== wanted) {
  console.error("src/api/types.ts is not what openapi.json makes: run `npm run types` and commit it.");
  process.exit(1);
}
