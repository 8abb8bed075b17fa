import { useParams } from "react-router";

import EndedNotice from "../components/session/EndedNotice";
import JoinForm from "../components/session/JoinForm";
import ParticipantList from "../components/session/ParticipantList";
import SessionContent from "../components/session/SessionContent";
import SessionHeading from "../components/session/SessionHeading";
import SessionNotices from "../components/session/SessionNotices";
import SessionSkeleton from "../components/session/SessionSkeleton";
import { useRoom } from "../duplex";
import NotFoundPage from "./NotFoundPage";

export default function LivePage() {
  const { id = "" } = useParams();
  const { phase, document, join } = useRoom(id);
  const ended = phase === "ended";

  function joinAgain(): void {
    join();
  }

  if (phase === "invalid") return <NotFoundPage />;
  if (phase === "unnamed") {
    return (
      <div className="page">
        <JoinForm session={id} onJoin={join} />
      </div>
    );
  }
  if (phase === "opening" || phase === "refused") {
    return (
      <div className="page">
        <SessionSkeleton onRetry={joinAgain} />
      </div>
    );
  }
  return (
    <div className="@container page">
      <SessionHeading session={id} />
      {ended ? <EndedNotice onJoin={joinAgain} /> : <SessionNotices />}
      {document !== null && (
        <div className="mt-8 grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="flex min-w-0 flex-col gap-5">
            <SessionContent document={document} ended={ended} />
          </div>
          {!ended && <ParticipantList />}
        </div>
      )}
    </div>
  );
}
