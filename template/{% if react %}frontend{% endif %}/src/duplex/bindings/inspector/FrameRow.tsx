import { memo, useState } from "react";

import { frameFacts, frameText } from "../../inspector/inspector";
import type { FrameRecord } from "../../inspector/recorder";
import InspectorIcon from "./InspectorIcon";

/** Memoised: each new frame renders the whole list again. */
export default memo(function FrameRow({ record }: { record: FrameRecord }) {
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
          <InspectorIcon name={direction} />
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
