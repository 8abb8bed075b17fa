import { useSession } from "../hooks/useSession";
import { CONNECTION_WORDS } from "../ui/labels";

export default function ConnectionStatus() {
  const status = useSession((session) => session.status);
  return (
    <div role="status" aria-label="Connection" className="status-pill" data-status={status}>
      <span className="status-dot" />
      {CONNECTION_WORDS[status]}
    </div>
  );
}
