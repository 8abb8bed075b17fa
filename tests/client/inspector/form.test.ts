import { describe, expect, it, test } from "vitest";

import { check, type Problem, readDocument } from "@duplex/inspector/asyncapi";
import { asJson, type Draft, draftOf, type Field, fieldOf, valueOf } from "@duplex/inspector/form";

const ADDRESS = {
  type: "object",
  properties: { street: { type: "string", minLength: 2 }, number: { type: "integer" } },
  required: ["street"],
  additionalProperties: false,
};
const TREE = {
  type: "object",
  properties: { name: { type: "string" }, below: { $ref: "#/components/schemas/Tree" } },
  required: ["name"],
};
const ROOT = { components: { schemas: { Address: ADDRESS, Tree: TREE } } };
const REFERENCE = { $ref: "#/components/schemas/Address" };

const SCHEMA = {
  type: "object",
  properties: {
    text: { type: "string", default: "hello", description: "What is said." },
    count: { type: "integer", minimum: 1 },
    price: { type: "number", default: 1.5 },
    loud: { type: "boolean", default: true },
    colour: { enum: ["red", "green", null] },
    kind: { const: "note" },
    home: REFERENCE,
    work: { anyOf: [REFERENCE, { type: "null" }], default: null },
    tags: { type: "array", items: { type: "string" }, default: [] },
    nick: { type: "string" },
    either: { anyOf: [{ type: "string" }, { type: "number" }] },
    scores: { type: "object", additionalProperties: { type: "number" }, default: { Ada: 1 } },
    when: { allOf: [{ type: "string", format: "date-time" }], title: "When" },
  },
  required: ["count", "colour", "kind", "home", "either"],
  additionalProperties: false,
};

const field = fieldOf(SCHEMA, ROOT);

function inner(name: string, of: Field = field): Field {
  const found = of.kind === "object" ? of.fields.find((one) => one.name === name) : undefined;
  if (found === undefined) throw new Error(`the form has no field ${name}`);
  return found;
}

/** The draft with some of its fields replaced. */
function filled(changes: Record<string, Partial<Draft>>, draft = draftOf(field)): Draft {
  const fields = Object.entries(draft.fields).map(([name, one]) => [
    name,
    { ...one, ...changes[name] },
  ]);
  return { ...draft, fields: Object.fromEntries(fields) as Draft["fields"] };
}

function read(draft: Draft, of = field): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  return { value: valueOf(of, draft, problems), problems };
}

const home = (street: string, number = ""): Partial<Draft> => ({
  fields: {
    street: { mode: "value", text: street, fields: {}, items: [] },
    number: { mode: number === "" ? "out" : "value", text: number, fields: {}, items: [] },
  },
});

describe("a form built from a schema", () => {
  it("has a field for each property, of its kind", () => {
    const kinds = field.kind === "object" && field.fields.map(({ name, kind }) => [name, kind]);
    expect(kinds).toEqual([
      ["text", "text"],
      ["count", "integer"],
      ["price", "number"],
      ["loud", "boolean"],
      ["colour", "choice"],
      ["kind", "choice"],
      ["home", "object"],
      ["work", "object"],
      ["tags", "list"],
      ["nick", "text"],
      ["either", "json"],
      ["scores", "json"],
      ["when", "text"],
    ]);
    expect(inner("text")).toMatchObject({ optional: true, description: "What is said." });
    expect(inner("work")).toMatchObject({ optional: true, nullable: true });
    expect(inner("home")).toMatchObject({ optional: false, nullable: false });
  });

  it("starts with the defaults and without optional fields", () => {
    const { value, problems } = read(
      filled({ count: { text: "2" }, home: home("Elm"), either: { text: '"x"' } }),
    );
    expect(problems).toEqual([]);
    expect(value).toEqual({
      text: "hello",
      count: 2,
      price: 1.5,
      loud: true,
      colour: "red",
      kind: "note",
      home: { street: "Elm" },
      work: null,
      tags: [],
      either: "x",
      scores: { Ada: 1 },
    });
    expect(check(value, SCHEMA, ROOT)).toEqual([]);
  });

  it("starts with the example in required fields without a default, so that it can be sent", () => {
    const home = { street: "Main Street", number: 7 };
    const example = { text: "no", count: 2, colour: "green", kind: "note", home, nick: "no", either: 5 };
    const { value, problems } = read(draftOf(field, undefined, example));
    expect(problems).toEqual([]);
    expect(value).toEqual({
      ...{ text: "hello", count: 2, price: 1.5, loud: true, colour: "green", kind: "note" },
      ...{ home: { street: "Main Street" }, work: null, tags: [], either: 5, scores: { Ada: 1 } },
    });
  });

  it("reports an invalid value at its field", () => {
    const draft = filled({ count: { text: "2.5" }, home: home("Elm", ""), either: { text: "{" } });
    expect(read(draft).problems).toEqual([
      { path: "count", text: "Enter a whole number." },
      { path: "either", text: expect.stringContaining("not JSON") as string },
    ]);
    const numbers = filled({ count: { text: " " }, price: { text: "much" } });
    expect(read(numbers).problems.map(({ path }) => path)).toEqual(["count", "price"]);
  });

  it("supports null, choices other than texts, items and false", () => {
    const item = { mode: "value", text: "a", fields: {}, items: [] } as const;
    const draft = filled({
      count: { text: "1" },
      loud: { text: "false" },
      colour: { text: "2" },
      home: home("Elm", "7"),
      nick: { mode: "value", text: "" },
      tags: { items: [item, { ...item, text: "b" }] },
      either: { text: "3" },
      text: { mode: "out" },
    });
    expect(read(draft).value).toMatchObject({
      loud: false,
      colour: null,
      home: { street: "Elm", number: 7 },
      nick: "",
      tags: ["a", "b"],
      either: 3,
    });
    expect(read(draft).value).not.toHaveProperty("text");
  });

  it("accepts data written as JSON, and omits fields that are not in it", () => {
    const data = { count: 3, colour: "green", kind: "note", home: { street: "Oak" }, either: [1] };
    expect(read(draftOf(field, data)).value).toEqual(data);
    expect(asJson(read(draftOf(field, { ...data, work: null })).value)).toContain('"work": null');
  });

  it("ends at recursive types", () => {
    const tree = fieldOf({ $ref: "#/components/schemas/Tree" }, ROOT);
    let deepest = tree;
    let depth = 0;
    while (deepest.kind === "object") {
      deepest = inner("below", deepest);
      depth += 1;
    }
    expect([deepest.kind, depth]).toEqual(["json", 6]);
    expect(read({ ...draftOf(tree) }, tree).value).toEqual({ name: "" });
  });
});

describe("the check", () => {
  const good = { count: 1, colour: "red", kind: "note", home: { street: "Elm" }, either: 1 };
  const paths = (data: object): string[] => check(data, SCHEMA, ROOT).map(({ path }) => path);

  it("reports every invalid value at its place", () => {
    expect(paths(good)).toEqual([]);
    expect(paths({ ...good, count: 0, home: { street: "E" } })).toEqual(["count", "home.street"]);
    expect(paths({ ...good, tags: ["a", 1] })).toEqual(["tags.1"]);
    expect(paths({ ...good, when: "tomorrow" })).toEqual(["when"]);
    expect(paths({ ...good, either: true })).toContain("either");
  });

  it("reports missing and unknown fields", () => {
    expect(check({ ...good, home: {} }, SCHEMA, ROOT)[0]?.text).toContain("street");
    expect(check({ ...good, colours: 1 }, SCHEMA, ROOT).map(({ path }) => path)).toContain(
      "colours",
    );
  });

  it("leaves to the server rules that only the server knows", () => {
    expect(check("x", { type: "string", pattern: "(?P<python>x)" }, ROOT)).toEqual([]);
  });
});

test("the requests of states are read from the server's document", () => {
  const { states } = readDocument({
    operations: {
      ping: { messages: [] },
      "receive-startIt": { messages: [{ $ref: "#/channels/socket/messages/startIt.request" }] },
      "receive-stop": { messages: [{ $ref: "#/components/messages/stop" }] },
      "send-startIt": { messages: [] },
    },
    channels: {
      socket: { messages: { "startIt.request": { $ref: "#/components/messages/a~1b" } } },
    },
    components: {
      messages: {
        "a/b": {
          payload: { properties: { data: REFERENCE } },
          examples: [{ payload: { data: { street: "Elm" } } }],
        },
        stop: { payload: { properties: {} } },
      },
    },
  });
  expect([...states]).toEqual([
    ["startIt", { schema: REFERENCE, example: { street: "Elm" } }],
    ["stop", { schema: null, example: null }],
  ]);
});

test("a field with the name of an object's method starts empty", () => {
  const integer = { type: "integer" };
  const properties = { constructor: integer, toString: integer };
  const odd = fieldOf({ type: "object", properties, required: ["toString"] }, ROOT);
  for (const draft of [draftOf(odd), draftOf(odd, {})]) {
    expect(Object.values(draft.fields)).toMatchObject([
      { mode: "out", text: "" },
      { mode: "value", text: "" },
    ]);
  }
  expect(valueOf(odd, draftOf(odd, { constructor: 2, toString: 3 }), [])).toEqual({
    constructor: 2,
    toString: 3,
  });
});
