import { useEffect, useState } from "react";
import { Link } from "react-router";

import type { SavedSession } from "../api/saved";
import EmptyState from "../components/EmptyState";
import DeleteDialog from "../components/saved/DeleteDialog";
import RenameDialog from "../components/saved/RenameDialog";
import SavedList from "../components/saved/SavedList";
import { project } from "../project";
import { useSaved } from "../stores/saved";
import { SAVED_EMPTY } from "../ui/labels";

export default function SavedPage() {
  const { sessions, problem, load, rename, remove } = useSaved();
  const [renaming, setRenaming] = useState<SavedSession | null>(null);
  const [deleting, setDeleting] = useState<SavedSession | null>(null);

  useEffect(() => {
    void load();
  }, [load]);

  async function renameTo(session: SavedSession, title: string): Promise<void> {
    if (await rename(session.id, title)) setRenaming(null);
  }

  async function removeIt(session: SavedSession): Promise<void> {
    if (await remove(session.id)) setDeleting(null);
  }

  return (
    <div className="page max-w-4xl">
      <h1 className="page-title">Saved sessions</h1>
      <p className="muted mt-3 text-pretty">
        {project.signIn
          ? "The sessions you saved. Only you see this list."
          : "This list is shared by everyone who can open this page."}
      </p>

      <SavedContent
        sessions={sessions}
        problem={problem}
        onLoad={() => {
          void load();
        }}
        onRename={setRenaming}
        onDelete={setDeleting}
      />

      {renaming && (
        <RenameDialog
          session={renaming}
          onClose={() => {
            setRenaming(null);
          }}
          onRename={(title) => {
            void renameTo(renaming, title);
          }}
        />
      )}
      {deleting && (
        <DeleteDialog
          session={deleting}
          onClose={() => {
            setDeleting(null);
          }}
          onDelete={() => {
            void removeIt(deleting);
          }}
        />
      )}
    </div>
  );
}

interface SavedContentProps {
  sessions: readonly SavedSession[] | null;
  problem: string | null;
  onLoad: () => void;
  onRename: (session: SavedSession) => void;
  onDelete: (session: SavedSession) => void;
}

/** The list, or what stands in its place: nothing saved yet, the reason why not, or its shape. */
function SavedContent({ sessions, problem, onLoad, onRename, onDelete }: SavedContentProps) {
  if (sessions !== null && sessions.length > 0) {
    return (
      <div className="mt-8">
        <SavedList sessions={sessions} onRename={onRename} onDelete={onDelete} />
      </div>
    );
  }
  if (sessions !== null) {
    return (
      <div className="panel mt-8">
        <EmptyState
          icon="saved"
          title="No saved sessions yet"
          action={
            <Link to="/session" className="btn mt-2 btn-primary">
              Start a session
            </Link>
          }
        >
          {SAVED_EMPTY}
        </EmptyState>
      </div>
    );
  }
  if (problem !== null) {
    return (
      <div className="panel mt-8">
        <EmptyState
          icon="alert"
          title="The list could not be loaded"
          action={
            <button type="button" className="btn mt-2 btn-primary" onClick={onLoad}>
              Try again
            </button>
          }
        >
          {problem}
        </EmptyState>
      </div>
    );
  }
  return (
    <div className="mt-8 flex flex-col gap-4" aria-busy="true">
      <p className="sr-only">Loading the list.</p>
      <div className="h-20 skeleton" />
      <div className="h-20 skeleton" />
      <div className="h-20 skeleton" />
    </div>
  );
}
