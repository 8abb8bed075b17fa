import { useSession } from "../../hooks/useSession";
import { copyText } from "../../ui/clipboard";
import { sessionSummary } from "../../ui/labels";
import { inviteLink, isGenerated } from "../../ui/sessionName";
import { toasts } from "../../ui/toasts";
import AppIcon from "../AppIcon";

interface LiveHeadingProps {
  session: string;
  onEnd: () => void;
}

async function copyLink(session: string): Promise<void> {
  const link = inviteLink(session);
  if (await copyText(link)) toasts.show("success", "Invite link copied.");
  else toasts.show("error", `The browser did not allow copying. The link is ${link}`);
}

export default function LiveHeading({ session, onEnd }: LiveHeadingProps) {
  const status = useSession((state) => state.status);
  const summary = useSession(sessionSummary);
  const generated = isGenerated(session);

  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        <p className="eyebrow">{generated ? "Private session" : "Session"}</p>
        <h1
          className={`mt-1 text-2xl wrap-anywhere sm:text-3xl ${generated ? "font-mono font-medium" : "font-semibold"}`}
        >
          {session}
        </h1>
        <p className="muted mt-2 text-sm">{summary}</p>
      </div>
      {status !== "ended" && (
        <div className="flex flex-wrap gap-2">
          <button
            type="button"
            className="btn btn-quiet"
            onClick={() => {
              void copyLink(session);
            }}
          >
            <AppIcon name="link" /> Copy invite link
          </button>
          <button type="button" className="btn btn-quiet" onClick={onEnd}>
            End session
          </button>
        </div>
      )}
    </div>
  );
}
