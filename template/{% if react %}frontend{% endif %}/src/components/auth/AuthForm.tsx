import { type ReactNode, useEffect, useRef, useState } from "react";

import { attempt, focusKeeper, toasts } from "../../duplex";

interface AuthFormProps {
  /** The text of the button. */
  action: string;
  send: () => Promise<unknown>;
  quiet?: boolean;
  children?: ReactNode;
}

/** A form with one button. It is sent once, however often the button is pressed. */
export default function AuthForm({ action, send, quiet = false, children }: AuthFormProps) {
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const form = useRef<HTMLFormElement>(null);

  // Many forms are replaced by their result: the focus moves there.
  useEffect(() => (form.current === null ? undefined : focusKeeper(form.current)), []);

  async function submit(): Promise<void> {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    // The new attempt replaces earlier errors.
    toasts.dismissErrors();
    await attempt(send);
    sending.current = false;
    setBusy(false);
  }

  return (
    <form
      ref={form}
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {children}
      <button
        type="submit"
        className={quiet ? "btn self-start btn-quiet" : "btn btn-block btn-primary"}
        aria-disabled={busy}
      >
        {busy && <span className="loading loading-sm loading-spinner" />}
        {action}
      </button>
    </form>
  );
}
