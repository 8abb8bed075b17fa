import { useSession } from "../../hooks/useSession";
import { liveSession, reloadPage } from "../../ui/liveSession";
import { notices } from "../../ui/notices";
import AppIcon from "../AppIcon";

export default function LiveNotice() {
  const status = useSession((state) => state.status);
  const reason = useSession((state) => state.reason);
  const draining = useSession((state) => state.draining);
  const loss = useSession((state) => state.loss);
  const contractChanged = useSession((state) => state.contractChanged);
  const pending = useSession((state) => state.pending);
  const shown = notices({ status, reason, draining, loss, contractChanged, pending });

  // Always there, so that what is added to it is read out.
  return (
    <div className="notice-lines" aria-live="polite">
      {shown.map(({ kind, text, action }) => (
        <div key={kind} className="notice-line">
          <AppIcon name={kind === "contract" ? "reload" : "alert"} />
          <p className="min-w-48 flex-1">{text}</p>
          {action === "reload" && (
            <button type="button" className="btn btn-sm btn-quiet" onClick={reloadPage}>
              Reload
            </button>
          )}
          {action === "dismiss" && (
            <button
              type="button"
              className="btn btn-sm btn-quiet"
              onClick={() => {
                liveSession.forgetLoss();
              }}
            >
              Dismiss
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
