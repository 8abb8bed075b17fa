import { useState } from "react";

import { attempt, formatCount, initials, liveSession, useSession } from "../../duplex";

export default function ParticipantList() {
  const participants = useSession((state) => state.participants);
  const own = useSession((state) => state.participant);
  const hidden = useSession((state) => state.total - state.participants.length);
  const [loading, setLoading] = useState(false);

  async function showMore(): Promise<void> {
    setLoading(true);
    await attempt(() => liveSession.listMore());
    setLoading(false);
  }

  return (
    <section className="panel" aria-labelledby="participants">
      <h2 id="participants" className="panel-title">
        Participants
      </h2>
      <ul className="mt-4 flex flex-col gap-3" aria-label="Participants">
        {participants.map(({ participant, name }) => (
          <li key={participant} className="flex items-center gap-3">
            <span className="avatar-round" aria-hidden="true">
              {initials(name)}
            </span>
            <span className="min-w-0 wrap-break-word">
              <bdi>{name}</bdi> {participant === own && <span className="muted">(you)</span>}
            </span>
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <div className="mt-4 flex flex-wrap items-center justify-between gap-2">
          <p className="muted">and {formatCount(hidden, "more", "more")}</p>
          <button
            type="button"
            className="btn btn-sm btn-quiet"
            disabled={loading}
            onClick={() => {
              void showMore();
            }}
          >
            Show more
          </button>
        </div>
      )}
    </section>
  );
}
