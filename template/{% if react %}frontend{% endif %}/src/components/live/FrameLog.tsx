import { useSession } from "../../hooks/useSession";
import { formatCount } from "../../ui/format";
import FrameLine from "./FrameLine";

export default function FrameLog() {
  const frames = useSession((state) => state.frames);
  return (
    <section className="panel" aria-labelledby="frames">
      <div className="flex items-baseline justify-between gap-3">
        <h2 id="frames" className="panel-title">
          Frames
        </h2>
        <p className="muted text-sm tabular-nums">
          {formatCount(frames.length, "frame", "frames")}
        </p>
      </div>
      {/* A log for the eye: read aloud, every frame would be in the way of what people write. */}
      <div role="log" aria-label="Frames" aria-live="off" tabIndex={0} className="frame-log">
        {frames.toReversed().map((frame) => (
          <FrameLine key={frame.id} record={frame} />
        ))}
      </div>
    </section>
  );
}
