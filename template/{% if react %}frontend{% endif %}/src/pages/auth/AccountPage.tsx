import { useState } from "react";
import { useNavigate } from "react-router";

import { auth } from "../../api/auth";
import PasswordForm from "../../components/auth/PasswordForm";
import ProfileForm from "../../components/auth/ProfileForm";
import ConfirmDialog from "../../components/ConfirmDialog";
import { attempt, currentApp } from "../../duplex";
import { useAuth } from "../../stores/auth";

export default function AccountPage() {
  const user = useAuth((state) => state.user);
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);

  function stopAsking(): void {
    setAsking(false);
  }

  async function signOutEverywhere(): Promise<void> {
    stopAsking();
    const worked = await attempt(() => auth.signOutEverywhere(), "Signed out on every device.");
    if (worked) await navigate(currentApp().paths.home);
  }

  return (
    <div className="page max-w-3xl">
      <h1 className="page-title">Account</h1>
      {user !== null && (
        <>
          <ProfileForm user={user} />
          <PasswordForm email={user.email} />
          <section className="panel mt-5" aria-labelledby="devices">
            <h2 id="devices" className="panel-title">
              Devices
            </h2>
            <p className="muted mt-2 text-pretty">
              Signs you out on every device, this one too, and ends your open sessions.
            </p>
            <button
              type="button"
              className="btn mt-4 btn-outline btn-error"
              onClick={() => {
                setAsking(true);
              }}
            >
              Sign out everywhere
            </button>
          </section>
        </>
      )}

      {asking && (
        <ConfirmDialog
          title="Sign out everywhere?"
          action="Sign out"
          onClose={stopAsking}
          onConfirm={() => {
            void signOutEverywhere();
          }}
        >
          You will have to sign in again on each of your devices.
        </ConfirmDialog>
      )}
    </div>
  );
}
