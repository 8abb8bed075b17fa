import { Fragment } from "react";

import { methods, USERNAME } from "./methods";

/** One form for each way of signing in. */
export default function SignInForms({ email = null }: { email?: string | null }) {
  const forms = methods.flatMap(({ name, SignIn }) => (SignIn === null ? [] : [{ name, SignIn }]));
  return forms.map(({ name, SignIn }, index) => (
    <Fragment key={name}>
      {index > 0 && <p className="divider my-0">or</p>}
      <SignIn email={email} autoComplete={USERNAME} />
    </Fragment>
  ));
}
