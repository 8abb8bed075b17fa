import { useEffect, useState } from "react";
import { Link } from "react-router";

import { type SavedSession, savedTitle } from "../api/saved";
import ConfirmDialog from "../components/ConfirmDialog";
import EmptyState from "../components/EmptyState";
import PagedList from "../components/PagedList";
import RenameDialog from "../components/saved/RenameDialog";
import SavedList from "../components/saved/SavedList";
import { currentApp, usePageNumber } from "../duplex";
import { closingLabels } from "../notes";
import { savedList, useSaved } from "../stores/saved";

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
        {currentApp().accounts === null
          ? "This list is shared by everyone who can open this page."
          : "The sessions you saved. Only you see this list."}
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
        <ConfirmDialog
          title="Delete this session?"
          action="Delete"
          onClose={() => {
            setDeleting(null);
          }}
          onConfirm={() => {
            void removeIt(deleting);
          }}
        >
          “<bdi>{savedTitle(deleting)}</bdi>” and its notes will be deleted permanently.
        </ConfirmDialog>
      )}
    </div>
  );
}

function NothingSaved() {
  const closing = closingLabels().join("” or “");
  return (
    <div className="panel">
      <EmptyState
        icon="saved"
        title="No saved sessions yet"
        action={
          <Link to={currentApp().paths.start} className="btn mt-2 btn-primary">
            Start a session
          </Link>
        }
      >
        {closing === ""
          ? "No state of this project saves its session yet."
          : `Send “${closing}” in a session to keep it here and open it again later.`}
      </EmptyState>
    </div>
  );
}
