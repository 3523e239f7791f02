// What the server of development answers is what openapi.json says: screens are looked at with answers that can come.
import { describe, expect, it } from "vitest";

import openapi from "../../layers/workshop/workshop/web/openapi.json";
import { MAILS, pictures, runs, runView } from "../dev/runs";

type Schema = {
  $ref?: string;
  anyOf?: Schema[];
  enum?: unknown[];
  type?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: boolean;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  maxLength?: number;
};
const SCHEMAS = openapi.components.schemas as unknown as Record<string, Schema>;

/** Where a value is not as the schema says. */
function faults(schema: Schema, value: unknown, at: string): string[] {
  if (schema.$ref) return faults(SCHEMAS[schema.$ref.split("/").at(-1)!]!, value, at);
  if (schema.anyOf)
    return schema.anyOf.some((one) => !faults(one, value, at).length) ? [] : [`${at}: none of what it may be`];
  if (schema.enum)
    return schema.enum.includes(value) ? [] : [`${at}: ${String(value)} is not one of ${schema.enum.join(", ")}`];
  const wrong = (what: string, is: boolean) => (is ? [`${at}: ${what}`] : []);
  switch (schema.type) {
    case "null":
      return wrong("not null", value !== null);
    case "boolean":
      return wrong("no boolean", typeof value !== "boolean");
    case "integer":
    case "number":
      if (typeof value !== "number" || (schema.type === "integer" && !Number.isInteger(value)))
        return [`${at}: ${String(value)} is no ${schema.type}`];
      return wrong("out of bounds", value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity));
    case "string":
      if (typeof value !== "string") return [`${at}: no string`];
      return wrong(
        `${value} is not as it should be`,
        value.length > (schema.maxLength ?? Infinity) || !new RegExp(schema.pattern ?? "").test(value),
      );
    case "array":
      if (!Array.isArray(value)) return [`${at}: no array`];
      return [
        ...wrong("too many", value.length > (schema.maxItems ?? Infinity)),
        ...value.flatMap((one, place) => faults(schema.items!, one, `${at}[${place}]`)),
      ];
    default: {
      if (typeof value !== "object" || value === null) return [`${at}: no object`];
      const held = value as Record<string, unknown>;
      const known = schema.properties ?? {};
      return [
        ...(schema.required ?? []).filter((name) => !(name in held)).map((name) => `${at}.${name}: missing`),
        ...Object.entries(held).flatMap(([name, one]) =>
          known[name] ? faults(known[name], one, `${at}.${name}`) : [`${at}.${name}: unknown`],
        ),
      ];
    }
  }
}

const check = (schema: string, value: unknown) => expect(faults(SCHEMAS[schema]!, value, schema)).toEqual([]);
const STATES = [
  "begin",
  "machine",
  "running",
  "finishing",
  "stopping",
  "failed",
  "stopped",
  "lost",
  "more",
  "demo0",
  "many",
];

describe("the pretended workshop answers as the interface says", () => {
  it.each(STATES)("how the run %s goes", (state) => check("RunView", runView("red-chairs", "Red chairs", state)));
  it.each(["demo0", "demo1", "many"])("what the run %s has made", (run) =>
    check("Pictures", pictures("red-chairs", "Red chairs", run, null)),
  );
  it("which runs there are", () => check("Runs", { runs: runs() }));
  it("what has been mailed", () => check("Inbox", { mails: MAILS }));
});

it("finds an answer that is not as the interface says", () => {
  const view = { ...runView("red-chairs", "Red chairs", "running")!, now: "soon", more: 1 };
  expect(faults(SCHEMAS.RunView!, view, "RunView")).toEqual([
    "RunView.now: soon is no integer",
    "RunView.more: unknown",
  ]);
});
