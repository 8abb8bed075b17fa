// What a page may and may not write with the contract of shapes.py; tsc checks it in test_contract.
import { CONTRACT, STATES } from "./contract";
import type {
  AdminStates,
  Document,
  ErrorCode,
  Initialised,
  Participant,
  Requests,
  Responses,
  StateName,
} from "./contract";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
  ? true
  : false;
const yes = <T extends true>(): T | undefined => undefined;

export const fingerprint: string = CONTRACT;
yes<Same<StateName, "everything" | "noData" | "maybe" | "numbers" | "rare" | "branch">>();
yes<Same<AdminStates, "branch">>();
yes<Same<keyof Requests, StateName>>();
yes<Same<keyof Responses, StateName>>();
yes<Same<typeof STATES.maybe.closes, true>>();
yes<Same<typeof STATES.noData.to, "sender">>();
yes<Same<typeof STATES.noData.retain, "none">>();
yes<Same<typeof STATES.numbers.streams, true>>();
yes<Same<typeof STATES.everything.admin, false>>();
yes<Same<typeof STATES.branch.admin, true>>();

// Requests: what has a default may be left out, what has none may not.
export const least: Requests["everything"] = { needed: "" };
// @ts-expect-error `needed` is missing
export const without: Requests["everything"] = {};
// @ts-expect-error there is no such field
export const unknown: Requests["everything"] = { needed: "", other: 1 };
// @ts-expect-error only the server computes it
export const computed: Requests["everything"] = { needed: "", doubled: 2 };
export const empty: Requests["numbers"] = {};
export const open: Requests["maybe"] = { known: 1, other: [] };
yes<Same<Requests["noData"], null>>();
yes<Same<Requests["everything"]["price"], number | string | undefined>>();

// A tagged union needs the tag: the server does not look for its default.
// @ts-expect-error `kind` is missing
export const untagged: Requests["branch"] = { kind: "branch", left: { value: 1 } };

// Responses: every field is there.
type Reply = Responses["everything"];
yes<Same<Reply["price"], string>>();
yes<Same<Reply["number"], number>>();
yes<Same<Reply["small"], number>>();
yes<Same<Reply["raw"], string>>();
yes<Same<Reply["at"], string>>();
yes<Same<Reply["day"], string | null>>();
yes<Same<Reply["span"], string>>();
yes<Same<Reply["key"], string | null>>();
yes<Same<Reply["colour"], "red" | "green">>();
yes<Same<Reply["level"], 1 | 2>>();
yes<Same<Reply["pair"], [number, string]>>();
yes<Same<Reply["many"], number[]>>();
yes<Same<Reply["nothing"], []>>();
yes<Same<Reply["few"], string[]>>();
yes<Same<Reply["unique"], string[]>>();
yes<Same<Reply["by_name"][string]["children"][number]["value"], number>>();
yes<Same<Reply["by_number"][string], boolean[]>>();
yes<Same<keyof Reply["by_colour"], "red" | "green">>();
yes<Same<NonNullable<Reply["by_colour"]["green"]>["value"], number>>();
yes<Same<Reply["by_level"]["2"], boolean | undefined>>();
yes<Same<Reply["by_kind"], { free?: unknown }>>();
yes<Same<Reply["by_word"][number], { on?: number; off?: number }>>();
// @ts-expect-error no such colour
export const colourless: Requests["everything"] = { needed: "", by_colour: { blue: {} } };
yes<Same<Reply["tree"]["children"][number]["children"][number]["value"], number>>();
yes<Same<NonNullable<Reply["trees"]>["items"][number]["value"], number>>();
yes<Same<NonNullable<Reply["trees"]>["next"], number | null>>();
yes<Same<Reply["point"], [number, number]>>();
yes<Same<Reply["options"]["loud"], boolean | undefined>>();
yes<Same<Reply["pet"]["kind"], "cat" | "dog">>();
yes<Same<Reply["either"], number | string | null>>();
yes<Same<Reply["free"], unknown>>();
yes<Same<Reply["json_value"], unknown>>();
yes<Same<Reply["theirName"], number>>();
yes<Same<Reply["with-dash"], number>>();
yes<Same<Reply["title"], string>>();
yes<Same<Reply["properties"][string], string>>();
yes<Same<Reply["tags"], string[]>>();
yes<Same<Reply["doubled"], number>>();
yes<Same<Responses["noData"], null>>();
yes<Same<NonNullable<Responses["maybe"]>["pet"]["lives"], number>>();
yes<Same<Extract<Responses["maybe"], null>, null>>();
yes<Same<NonNullable<Responses["numbers"]>["value"], number>>();

type Rarely = Responses["rare"];
yes<Same<Rarely["map"]["entries"][string]["at"]["day"], string>>();
yes<Same<Rarely["array"]["items"][number], Rarely["map"]>>();
yes<Same<Rarely["empty"]["why"], string>>();
yes<Same<Rarely["umlaut"]["größe"], number>>();
yes<Same<Extract<Rarely["tree"], { kind: "branch" }>, Responses["branch"]>>();
yes<Same<NonNullable<Rarely["derived"]>["id"], number>>();
yes<Same<NonNullable<Rarely["renamed"]>["comesOut"], number>>();
yes<Same<NonNullable<Rarely["renamed"]>["data-x y.z"], string>>();
yes<Same<Rarely["loose"][string], number | string>>();
yes<Same<NonNullable<Rarely["texts"]>["json_text"], number[]>>();
yes<Same<NonNullable<Rarely["texts"]>["literal"], "a" | 1 | null | true>>();
yes<Same<Rarely["numbers"]["money"], string>>();
yes<Same<Rarely["numbers"]["words"], string>>();
yes<Same<Rarely["numbers"]["mixed"], 1 | "two" | null>>();
yes<Same<Rarely["collections"]["pairs"], [string, number][]>>();
yes<Same<Rarely["collections"]["spot"]["y"], number>>();
yes<Same<Rarely["collections"]["inner"]["may"], string | undefined>>();
yes<Same<NonNullable<Rarely["collections"]["generic"]>["value"]["key"], number>>();
yes<Same<Rarely["listed"], number[] | null>>();
yes<Same<Rarely["lengthOf"], number>>();
// @ts-expect-error the server keeps it to itself
export type Hidden = Rarely["words"]["hidden"];

// The frames of the server itself.
yes<Same<Initialised["participants"], Participant[]>>();
yes<Same<Initialised["snapshot"], Document>>();
yes<Same<Initialised["seq"], number>>();
export const code: ErrorCode = "too_fast";
// @ts-expect-error no such code
export const nonsense: ErrorCode = "nonsense";
