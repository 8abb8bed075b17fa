import { useMemo } from "react";

import type { FrameFilter } from "../../inspector/recorder";
import { inspector, listOf, recording } from "../../inspector/inspector";
import { formatCount } from "../../ui/format";
import { useReadable } from "../hooks";
import FrameRow from "./FrameRow";
import InspectorIcon from "./InspectorIcon";

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
          <InspectorIcon name={paused ? "play" : "pause"} /> Pause
        </button>
        <button type="button" className="btn btn-quiet flex-1 btn-sm" onClick={inspector.clear}>
          <InspectorIcon name="trash" /> Clear
        </button>
        <button
          type="button"
          className="btn btn-quiet flex-1 btn-sm"
          onClick={inspector.exportConversation}
        >
          <InspectorIcon name="download" /> Export
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
