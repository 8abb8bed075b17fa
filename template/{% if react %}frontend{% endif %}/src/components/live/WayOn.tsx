import { useLocation, useNavigate } from "react-router";

import { features } from "../../features";
import { WAY_ON_LABELS, type WayOn as Way } from "../../ui/endings";
import { reloadPage } from "../../ui/liveSession";

interface WayOnProps {
  wayOn: Way;
  label?: string | undefined;
  onJoin: () => void;
}

/** The one button that leads on after a session has ended. */
export default function WayOn({ wayOn, label, onJoin }: WayOnProps) {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();

  function go(): void {
    if (wayOn === "join") onJoin();
    else if (wayOn === "reload") reloadPage();
    else if (wayOn === "home") void navigate("/");
    else if (wayOn === "signIn" && features.signInPath !== null) {
      void navigate(features.signInPath(pathname + search));
    } else void navigate("/session");
  }

  return (
    <button type="button" className="btn btn-primary" onClick={go}>
      {label ?? WAY_ON_LABELS[wayOn]}
    </button>
  );
}
