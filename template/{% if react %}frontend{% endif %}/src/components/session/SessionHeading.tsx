import {
  AppIcon,
  copyInvite,
  currentApp,
  isGenerated,
  sessionSummary,
  useSession,
} from "../../duplex";

export default function SessionHeading({ session }: { session: string }) {
  const { state, closeSocket } = useSession();
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
        <p className="muted mt-2 text-sm">{sessionSummary(state)}</p>
      </div>
      {state.status !== "ended" && (
        <div className="flex flex-wrap gap-2">
          <button
            type="button"
            className="btn btn-quiet"
            onClick={() => {
              void copyInvite(currentApp().paths.session(session));
            }}
          >
            <AppIcon name="link" /> Copy invite link
          </button>
          <button
            type="button"
            className="btn btn-quiet"
            onClick={() => {
              closeSocket();
            }}
          >
            End session
          </button>
        </div>
      )}
    </div>
  );
}
