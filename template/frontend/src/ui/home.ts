import type { IconName } from "./icons";
import { CLOSING_LABELS, STATE_NAMES, stateLabel } from "./labels";

export interface NextStep {
  icon: IconName;
  title: string;
  text: string;
}

const closing = CLOSING_LABELS[0];

/** The three cards of the home page. */
export const NEXT_STEPS: readonly NextStep[] = [
  {
    icon: "duplex",
    title: "Open a session",
    text: "Say who you are and start. Name the session to find it again, or leave it private.",
  },
  {
    icon: "users",
    title: "Invite somebody",
    text: "Send the invite link. Everybody who joins sees each update at once, in the same order.",
  },
  closing === undefined
    ? {
        icon: "link",
        title: "Come back",
        text: "Lost the connection? The page reconnects by itself and shows all that you missed.",
      }
    : {
        icon: "saved",
        title: "Keep the result",
        text: `“${closing}” ends the session for everybody and keeps it under Saved, to be opened again.`,
      },
];

export interface PreviewLine {
  own: boolean;
  label: string;
  text: string;
}

const label = (index: number): string => stateLabel(STATE_NAMES[index % STATE_NAMES.length] ?? "");

/** The small scene beside the project's name, played with its own states. */
export const PREVIEW: readonly PreviewLine[] = [
  { own: true, label: label(0), text: "Good morning, shall we?" },
  { own: false, label: label(0), text: "Here, and ready" },
  { own: false, label: label(1), text: "That was quick" },
  { own: true, label: label(2), text: "See you tomorrow" },
];
