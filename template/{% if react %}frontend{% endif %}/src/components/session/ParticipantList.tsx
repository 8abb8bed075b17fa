import { initials, useSession } from "../../duplex";

export default function ParticipantList() {
  const participants = useSession((state) => state.participants);
  const own = useSession((state) => state.participant);
  const more = useSession((state) => state.total - state.participants.length);

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
              {name} {participant === own && <span className="muted">(you)</span>}
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="muted mt-4">and {more} more</p>}
    </section>
  );
}
