import { memo, useMemo, useState } from "react";

import { frameFacts, frameText, inspector, listOf, recording } from "../../inspector/inspector";
import type { FrameFilter, FrameRecord } from "../../inspector/recorder";
import { formatCount } from "../../ui/format";
import { useReadable } from "../session";
import AppIcon from "../AppIcon";

export default function FramesPane() {
  const view = useReadable(inspector);
  const recorded = useReadable(recording);
  const list = useMemo(() => listOf(view, recorded), [view, recorded]);
  const paused = view.paused !== null;

  return (
    <>
      <div className="inspector-bar">
        <input
          type="search"
          className="input input-sm min-w-0 flex-1 basis-full"
          aria-label="Filter by text"
          placeholder="Filter by text"
          value={view.filter.text}
          onChange={(event) => {
            inspector.filter({ text: event.target.value });
          }}
        />
        <select
          className="select min-w-0 flex-1 select-sm"
          aria-label="Direction"
          value={view.filter.direction}
          onChange={(event) => {
            inspector.filter({ direction: event.target.value as FrameFilter["direction"] });
          }}
        >
          <option value="all">Both ways</option>
          <option value="sent">Sent</option>
          <option value="received">Received</option>
        </select>
        <select
          className="select min-w-0 flex-1 select-sm"
          aria-label="State of the frames"
          value={view.filter.name}
          onChange={(event) => {
            inspector.filter({ name: event.target.value });
          }}
        >
          <option value="">All states</option>
          {list.names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div className="inspector-bar">
        <p className="muted basis-full text-sm tabular-nums">
          {list.found !== list.all && `${list.found} of `}
          {formatCount(list.all, "frame", "frames")}
          {list.waiting > 0 && `, ${list.waiting} new`}
        </p>
        <button
          type="button"
          className="btn btn-quiet flex-1 btn-sm"
          aria-pressed={paused}
          onClick={() => {
            inspector.pause(!paused);
          }}
        >
          <AppIcon name={paused ? "play" : "pause"} /> Pause
        </button>
        <button type="button" className="btn btn-quiet flex-1 btn-sm" onClick={inspector.clear}>
          <AppIcon name="trash" /> Clear
        </button>
        <button
          type="button"
          className="btn btn-quiet flex-1 btn-sm"
          onClick={inspector.exportConversation}
        >
          <AppIcon name="download" /> Export
        </button>
      </div>
      {/* Not announced: screen readers would read every frame over the user's input. */}
      <div role="log" aria-label="Frames" aria-live="off" tabIndex={0} className="inspector-body">
        {list.all === 0 && (
          <p className="muted">
            Nothing is recorded yet. All frames that this page sends and receives are listed here.
          </p>
        )}
        {list.all > 0 && list.found === 0 && <p className="muted">No frame matches the filter.</p>}
        {list.shown.map((record) => (
          <FrameRow key={record.id} record={record} />
        ))}
        {list.found > list.shown.length && (
          <p className="muted mt-3">
            {list.found - list.shown.length} older ones are not shown: narrow the filter.
          </p>
        )}
      </div>
    </>
  );
}

/** Memoised: each new frame renders the whole list again. */
const FrameRow = memo(function FrameRow({ record }: { record: FrameRecord }) {
  const [opened, setOpened] = useState(false);
  const { direction, kind, name } = record;
  return (
    <details
      className="frame-line"
      onToggle={(event) => {
        setOpened(event.currentTarget.open);
      }}
    >
      <summary>
        <span className={direction === "sent" ? "text-primary" : "text-secondary"}>
          <AppIcon name={direction} />
        </span>
        <span className="sr-only">{direction}</span>
        <span className="min-w-0 truncate font-medium">{name}</span>
        <span className={`tag shrink-0 ${kind === "error" ? "text-error" : ""}`}>{kind}</span>
        <span className="muted basis-full pl-6 font-sans tabular-nums">{frameFacts(record)}</span>
      </summary>
      {opened && <pre tabIndex={0}>{frameText(record)}</pre>}
    </details>
  );
});
