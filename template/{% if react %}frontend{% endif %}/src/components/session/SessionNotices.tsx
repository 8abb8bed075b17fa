import { AppIcon, notices, reloadPage, useSession } from "../../duplex";

export default function SessionNotices() {
  const { state, forgetLoss } = useSession();

  // Always present, so that screen readers announce what is added.
  return (
    <div className="notice-lines" aria-live="polite">
      {notices(state).map(({ kind, text, action }) => (
        <div key={kind} className="notice-line">
          <AppIcon name={kind === "contract" ? "reload" : "alert"} />
          <p className="min-w-48 flex-1">{text}</p>
          {action === "reload" && (
            <button type="button" className="btn btn-sm btn-quiet" onClick={reloadPage}>
              Reload
            </button>
          )}
          {action === "dismiss" && (
            <button type="button" className="btn btn-sm btn-quiet" onClick={forgetLoss}>
              Dismiss
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
