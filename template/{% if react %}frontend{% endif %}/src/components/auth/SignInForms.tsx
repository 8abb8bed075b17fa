import { Fragment, useRef, useState } from "react";
import { flushSync } from "react-dom";

import { focusField, toasts } from "../../duplex";
import { methods, USERNAME } from "./methods";

const forms = methods.flatMap(({ name, SignIn, instead }) =>
  SignIn === null ? [] : [{ name, SignIn, instead }],
);
const choices = forms.filter(({ instead }) => instead !== null);

/** The ways of signing in: one form that asks for something, and those that only have a button. */
export default function SignInForms({ email = null }: { email?: string | null }) {
  const [chosen, setChosen] = useState(choices[0]?.name);
  const shown = forms.filter(({ name, instead }) => instead === null || name === chosen);
  const others = choices.filter(({ name }) => name !== chosen);
  const form = useRef<HTMLDivElement>(null);

  function choose(name: string): void {
    // The pressed button was removed.
    flushSync(() => {
      setChosen(name);
    });
    toasts.dismissErrors();
    focusField(form.current);
  }

  return (
    <>
      <div ref={form} className="contents">
        {shown.map(({ name, SignIn }, index) => (
          <Fragment key={name}>
            {index > 0 && <p className="divider my-0">or</p>}
            <SignIn email={email} autoComplete={USERNAME} />
          </Fragment>
        ))}
      </div>
      {others.map(({ name, instead }) => (
        <button
          key={name}
          type="button"
          className="btn btn-ghost"
          onClick={() => {
            choose(name);
          }}
        >
          {instead}
        </button>
      ))}
    </>
  );
}
