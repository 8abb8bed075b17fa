import { ending, useSession } from "../../duplex";
import EmptyState from "../EmptyState";
import NextStepButton from "./NextStepButton";

interface Props {
  /** For screen readers. */
  heading?: string;
  onRetry: () => void;
}

/** Shown until the session is open, and when it could not be opened. */
export default function SessionSkeleton({ heading = "Session", onRetry }: Props) {
  const status = useSession((state) => state.status);
  const reason = useSession((state) => state.reason);
  const { icon, next } = useSession(ending);

  if (status === "ended") {
    return (
      <div className="panel mx-auto max-w-xl">
        <h1 className="sr-only">{heading}</h1>
        <EmptyState
          icon={icon}
          title="The session could not be opened"
          action={
            <NextStepButton
              step={next}
              label={next === "join" ? "Try again" : undefined}
              onJoin={onRetry}
            />
          }
        >
          {reason}
        </EmptyState>
      </div>
    );
  }
  return (
    <div aria-busy="true">
      <h1 className="sr-only">{heading}</h1>
      <p className="sr-only">Opening the session.</p>
      <div className="h-10 w-64 max-w-full skeleton" />
      <div className="mt-8 grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex flex-col gap-5">
          <div className="h-44 skeleton" />
          <div className="h-72 skeleton" />
        </div>
        <div className="h-44 skeleton" />
      </div>
    </div>
  );
}
