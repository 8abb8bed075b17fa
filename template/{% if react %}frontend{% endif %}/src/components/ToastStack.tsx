import { AppIcon, toasts, useReadable } from "../duplex";

export default function ToastStack() {
  const shown = useReadable(toasts);
  return (
    <div className="toast-stack">
      {shown.map(({ id, kind, text }) => (
        <div
          key={id}
          role={kind === "error" ? "alert" : "status"}
          className={`toast-card toast-${kind} transition duration-180 starting:translate-y-2 starting:opacity-0`}
        >
          <AppIcon name={kind === "error" ? "alert" : "check"} />
          <p className="min-w-0 flex-1 wrap-break-word">{text}</p>
          <button
            type="button"
            className="btn btn-square btn-ghost btn-xs"
            aria-label="Dismiss"
            onClick={() => {
              toasts.dismiss(id);
            }}
          >
            <AppIcon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
