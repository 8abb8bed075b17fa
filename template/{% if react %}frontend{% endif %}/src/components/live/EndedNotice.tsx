import { useEffect } from "react";

import { useSession } from "../../hooks/useSession";
import { ending } from "../../ui/endings";
import { keepFocus } from "../../ui/focus";
import AppIcon from "../AppIcon";
import WayOn from "./WayOn";

export default function EndedNotice({ onJoin }: { onJoin: () => void }) {
  const reason = useSession((state) => state.reason);
  const { icon, wayOn } = useSession(ending);
  // The buttons and fields of the live session are gone.
  useEffect(keepFocus, []);

  return (
    <div className="panel notice mt-6">
      <span className="icon-tile">
        <AppIcon name={icon} />
      </span>
      <p role="alert" className="min-w-48 flex-1 font-medium">
        {reason ?? "The session has ended."}
      </p>
      <WayOn wayOn={wayOn} onJoin={onJoin} />
    </div>
  );
}
