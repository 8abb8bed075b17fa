import { formatTime, initials, stateLabel } from "../../duplex";
import type { Entry } from "../../notes";
import EmptyState from "../EmptyState";

export default function NotesList({ entries }: { entries: readonly Entry[] }) {
  const latestFirst = entries.toReversed();

  return (
    <section className="panel" aria-labelledby="notes">
      <h2 id="notes" className="panel-title">
        Shared notes
      </h2>
      {entries.length === 0 ? (
        <EmptyState icon="inbox" title="Nothing here yet">
          Send the first one: it appears here for everybody in the session.
        </EmptyState>
      ) : (
        <ul
          className="mt-3 divide-y divide-base-300"
          aria-label="Shared notes"
          aria-live="polite"
          aria-relevant="additions"
        >
          {latestFirst.map((entry, index) => (
            <li
              key={`${entry.at} ${entries.length - index}`}
              className="flex gap-3.5 py-4 last:pb-0"
            >
              <span className="avatar-round" aria-hidden="true">
                {initials(entry.by)}
              </span>
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-x-2.5 text-sm">
                  <bdi className="max-w-3/5 shrink-0 truncate font-semibold">{entry.by}</bdi>
                  <span className="tag">{stateLabel(entry.state)}</span>
                  <time className="muted ml-auto shrink-0 tabular-nums" dateTime={entry.at}>
                    {formatTime(entry.at)}
                  </time>
                </p>
                {entry.text !== "" && (
                  <p className="mt-1 wrap-break-word whitespace-pre-wrap">
                    <bdi>{entry.text}</bdi>
                  </p>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
