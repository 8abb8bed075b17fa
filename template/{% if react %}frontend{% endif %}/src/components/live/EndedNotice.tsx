import { useNavigate } from "react-router";

import { useSession } from "../../hooks/useSession";
import AppIcon from "../AppIcon";

export default function EndedNotice() {
  const navigate = useNavigate();
  const reason = useSession((state) => state.reason);
  return (
    <div className="panel notice mt-6">
      <span className="icon-tile">
        <AppIcon name="check" />
      </span>
      <p role="alert" className="min-w-0 flex-1 font-medium">
        {reason ?? "The session has ended."}
      </p>
      <button
        type="button"
        className="btn btn-primary"
        onClick={() => {
          void navigate("/session");
        }}
      >
        Start a new session
      </button>
    </div>
  );
}
