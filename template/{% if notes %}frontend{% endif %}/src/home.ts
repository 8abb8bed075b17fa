/** YOURS: what the example's home page shows. */
import { type IconName, stateLabel, stateNames } from "./duplex";
import { closingLabels } from "./notes";

export interface Step {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
}

/** The three cards of the home page. */
export function steps(): readonly Step[] {
  const closing = closingLabels()[0];
  return [
    {
      icon: "duplex",
      title: "Open a session",
      text: "Enter your name and start. Name the session to find it again, or leave it private.",
    },
    {
      icon: "users",
      title: "Invite others",
      text: "Send the invite link. Everybody in the session sees each update at once, in the same order.",
    },
    closing === undefined
      ? {
          icon: "link",
          title: "Come back",
          text: "Lost the connection? The page reconnects by itself and shows what you missed.",
        }
      : {
          icon: "saved",
          title: "Keep the result",
          text: `“${closing}” ends the session for everybody and keeps it under Saved, where you can open it again.`,
        },
  ];
}

export interface PreviewLine {
  readonly own: boolean;
  readonly label: string;
  readonly text: string;
}

/** A short conversation with this project's own states. */
export function preview(): readonly PreviewLine[] {
  const names = stateNames();
  const label = (index: number): string => stateLabel(names[index % names.length] ?? "");
  return [
    { own: true, label: label(0), text: "Good morning, shall we?" },
    { own: false, label: label(0), text: "Here, and ready" },
    { own: false, label: label(1), text: "That was quick" },
    { own: true, label: label(2), text: "See you tomorrow" },
  ];
}
