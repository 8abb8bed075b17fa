import type { ReactNode } from "react";

interface AuthCardProps {
  title: string;
  /** What the button says. */
  action: string;
  busy: boolean;
  onSubmit: () => void;
  children: ReactNode;
  /** The way to the other page, for whoever is wrong here. */
  other: ReactNode;
}

export default function AuthCard({
  title,
  action,
  busy,
  onSubmit,
  children,
  other,
}: AuthCardProps) {
  return (
    <div className="page page-narrow">
      <div className="mx-auto max-w-md">
        <h1 className="page-title">{title}</h1>
        <form
          className="panel mt-8 flex flex-col gap-6"
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {children}
          <button type="submit" className="btn btn-block btn-primary" disabled={busy}>
            {busy && <span className="loading loading-sm loading-spinner" />}
            {action}
          </button>
        </form>
        <p className="muted mt-6 text-center">{other}</p>
      </div>
    </div>
  );
}
