import { useEffect } from "react";

import AuthForm from "../AuthForm";
import type { SignInProps } from "../method";
import { passkey } from "./passkey";

export default function PasskeySignIn({ email }: SignInProps) {
  useEffect(() => {
    const shown = new AbortController();
    if (email === null) passkey.offerAtField(shown.signal);
    return () => {
      shown.abort();
    };
  }, [email]);

  return (
    <AuthForm
      action={email === null ? "Sign in with a passkey" : "Confirm with a passkey"}
      send={passkey.signIn}
    />
  );
}
