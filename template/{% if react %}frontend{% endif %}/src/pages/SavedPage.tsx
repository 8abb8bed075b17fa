import { useEffect, useState } from "react";
import { Link } from "react-router";

import type { SavedSession } from "../api/saved";
import EmptyState from "../components/EmptyState";
import PagedList from "../components/PagedList";
import DeleteDialog from "../components/saved/DeleteDialog";
import RenameDialog from "../components/saved/RenameDialog";
import SavedList from "../components/saved/SavedList";
import { usePageNumber } from "../hooks/usePageNumber";
import { project } from "../project";
import { useSaved } from "../stores/saved";
import { SAVED_EMPTY } from "../ui/labels";
import { savedList } from "../ui/savedList";

export default function SavedPage() {
  const list = useSaved();
  const page = usePageNumber();
  const [renaming, setRenaming] = useState<SavedSession | null>(null);
  const [deleting, setDeleting] = useState<SavedSession | null>(null);

  useEffect(() => {
    void savedList.load(page);
  }, [page]);

  async function renameTo(session: SavedSession, title: string): Promise<void> {
    if (await savedList.rename(session.id, title)) setRenaming(null);
  }

  async function removeIt(session: SavedSession): Promise<void> {
    if (await savedList.remove(session.id)) setDeleting(null);
  }

  return (
    <div className="page max-w-4xl">
      <h1 className="page-title">Saved sessions</h1>
      <p className="muted mt-3 text-pretty">
        {project.signIn
          ? "The sessions you saved. Only you see this list."
          : "This list is shared by everyone who can open this page."}
      </p>

      <PagedList
        list={list}
        path="/saved"
        onRetry={() => {
          void savedList.load();
        }}
      >
        {(sessions) =>
          sessions.length > 0 ? (
            <SavedList sessions={sessions} onRename={setRenaming} onDelete={setDeleting} />
          ) : (
            <NothingSaved />
          )
        }
      </PagedList>

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

function NothingSaved() {
  return (
    <div className="panel">
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
