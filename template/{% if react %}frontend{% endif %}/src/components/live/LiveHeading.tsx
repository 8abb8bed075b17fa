import { useSession } from "../../hooks/useSession";
import { copyText } from "../../ui/clipboard";
import { formatCount, formatLatency } from "../../ui/format";
import { inviteLink } from "../../ui/sessionName";
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
  const latency = useSession((state) => state.latency);
  const people = useSession((state) => state.participants.length);

  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        <h1 className="page-title wrap-break-word">{session}</h1>
        <p className="muted mt-2 text-sm">
          {formatCount(people, "person", "people")} here
          {status === "open" && latency !== null && ` · answers in ${formatLatency(latency)}`}
        </p>
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
