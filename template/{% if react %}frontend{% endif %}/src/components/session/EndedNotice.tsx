import { useEffect } from "react";

import { AppIcon, ending, keepFocus, useSession } from "../../duplex";
import NextStepButton from "./NextStepButton";

export default function EndedNotice({ onJoin }: { onJoin: () => void }) {
  const reason = useSession((state) => state.reason);
  const { icon, next } = useSession(ending);
  // The buttons and fields of the live session have been removed.
  useEffect(keepFocus, []);

  return (
    <div className="panel notice mt-6">
      <span className="icon-tile">
        <AppIcon name={icon} />
      </span>
      <p role="alert" className="min-w-48 flex-1 font-medium">
        {reason ?? "The session has ended."}
      </p>
      <NextStepButton step={next} onJoin={onJoin} />
    </div>
  );
}
