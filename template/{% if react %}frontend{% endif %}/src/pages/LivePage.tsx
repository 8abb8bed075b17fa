import { useCallback, useEffect } from "react";
import { useParams } from "react-router";

import EndedNotice from "../components/live/EndedNotice";
import JoinForm from "../components/live/JoinForm";
import LiveHeading from "../components/live/LiveHeading";
import LiveNotice from "../components/live/LiveNotice";
import LiveSkeleton from "../components/live/LiveSkeleton";
import NotesList from "../components/live/NotesList";
import ParticipantList from "../components/live/ParticipantList";
import SendForm from "../components/live/SendForm";
import { useReadable } from "../hooks/useReadable";
import { useSession } from "../hooks/useSession";
import { ending } from "../ui/endings";
import { joinSession, liveSession, sendForm } from "../ui/liveSession";
import { displayName } from "../ui/profile";
import { isSessionId } from "../ui/sessionName";
import NotFoundPage from "./NotFoundPage";

export default function LivePage() {
  const { id = "" } = useParams();
  // No other id can have a session: that page does not exist.
  return isSessionId(id) ? <Live id={id} /> : <NotFoundPage />;
}

function Live({ id }: { id: string }) {
  const name = useReadable(displayName);
  const here = useSession(({ session }) => session === id);
  const opened = useSession(({ session, participant }) => session === id && participant !== null);
  const ended = useSession(({ status }) => status === "ended");
  // What was said is for people who are signed in; an empty list would ask for a first note.
  const hidden =
    useSession(
      (state) => ending(state).wayOn === "signIn" || state.snapshot.entries.length === 0,
    ) && ended;

  const join = useCallback(() => {
    joinSession(id, displayName.getSnapshot());
  }, [id]);

  // Coming from the start page, the session is open under this id already. Asks the stores and not
  // what was rendered: this is about coming to the page, not about a session that ends on it.
  useEffect(() => {
    const { session, status } = liveSession.getSnapshot();
    const open = session === id && status !== "ended";
    if (displayName.getSnapshot() !== "" && !open) join();
  }, [id, join]);

  if (name === "" && !here) {
    return (
      <div className="page">
        <JoinForm
          session={id}
          onJoin={(newName) => {
            displayName.set(newName);
            join();
          }}
        />
      </div>
    );
  }
  if (!opened) {
    return (
      <div className="page">
        <LiveSkeleton onRetry={join} />
      </div>
    );
  }
  return (
    <div className="@container page">
      <LiveHeading
        session={id}
        onEnd={() => {
          liveSession.closeSocket();
        }}
      />
      {ended ? <EndedNotice onJoin={join} /> : <LiveNotice />}
      {!hidden && (
        <div className="mt-8 grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="flex min-w-0 flex-col gap-5">
            {!ended && <SendForm onSend={sendForm} />}
            <NotesList />
          </div>
          {!ended && <ParticipantList />}
        </div>
      )}
    </div>
  );
}
