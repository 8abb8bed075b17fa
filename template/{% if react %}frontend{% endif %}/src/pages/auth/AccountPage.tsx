import ConfirmIdentity from "../../components/auth/ConfirmIdentity";
import DevicesPanel from "../../components/auth/DevicesPanel";
import EmailPanel from "../../components/auth/EmailPanel";
import { methods } from "../../components/auth/methods";
import ProfileForm from "../../components/auth/ProfileForm";
import { useAuth } from "../../stores/auth";

export default function AccountPage() {
  const user = useAuth((state) => state.user);
  return (
    <div className="page max-w-3xl">
      <h1 className="page-title">Account</h1>
      {user !== null && (
        <>
          <ProfileForm user={user} />
          <EmailPanel user={user} />
          {methods.map(({ name, Panel }) => Panel !== null && <Panel key={name} />)}
          <DevicesPanel />
          <ConfirmIdentity email={user.email} />
        </>
      )}
    </div>
  );
}
