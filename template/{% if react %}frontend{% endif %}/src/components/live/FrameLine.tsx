import { memo } from "react";

import type { FrameRecord } from "../../session/sessionStore";
import { formatBytes, formatExactTime } from "../../ui/format";
import { frameName } from "../../ui/labels";
import AppIcon from "../AppIcon";

/** Remembered, because every frame that comes in renders the whole log again. */
export default memo(function FrameLine({ record }: { record: FrameRecord }) {
  return (
    <details className="frame-line">
      <summary>
        <span className={record.direction === "sent" ? "text-primary" : "text-secondary"}>
          <AppIcon name={record.direction} />
        </span>
        <span className="sr-only">{record.direction}</span>
        <span className="min-w-0 flex-1 truncate font-medium">{frameName(record.frame)}</span>
        <span className="muted text-xs tabular-nums">{formatExactTime(record.time)}</span>
      </summary>
      <p className="muted text-xs">{formatBytes(record.size)}</p>
      <pre tabIndex={0}>{JSON.stringify(record.frame, null, 2)}</pre>
    </details>
  );
});
