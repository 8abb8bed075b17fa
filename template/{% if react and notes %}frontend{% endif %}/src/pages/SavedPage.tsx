import { useEffect, useState } from "react";
import { Link } from "react-router";

import { savedList, type SavedSession, savedTitle, TITLE_LENGTH } from "../api/saved";
import ConfirmDialog from "../components/ConfirmDialog";
import EmptyState from "../components/EmptyState";
import ModalDialog from "../components/ModalDialog";
import PagedList from "../components/PagedList";
import TextField from "../components/TextField";
import { AppIcon, currentApp, formatDate, usePageNumber } from "../duplex";
import { closingLabels } from "../notes";
import { useSaved } from "../stores/saved";

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
          “<bdi>{savedTitle(deleting)}</bdi>” and its notes will be deleted permanently. If the
          session is open, it ends for everybody.
        </ConfirmDialog>
      )}
    </div>
  );
}

interface SavedListProps {
  sessions: readonly SavedSession[];
  onRename: (session: SavedSession) => void;
  onDelete: (session: SavedSession) => void;
}

function SavedList({ sessions, onRename, onDelete }: SavedListProps) {
  const { paths } = currentApp();
  return (
    <ul className="panel divide-y divide-base-300 py-0 sm:py-0" aria-label="Saved sessions">
      {sessions.map((one) => (
        <li key={one.id} className="flex flex-wrap items-center gap-x-4 gap-y-3 py-5">
          <div className="min-w-0 flex-1 basis-56">
            <p className="font-medium wrap-break-word">
              <bdi>{savedTitle(one)}</bdi>
            </p>
            <p className="muted mt-0.5 text-sm">
              Saved <time dateTime={one.updated_at}>{formatDate(one.updated_at)}</time>
            </p>
          </div>
          <div className="flex items-center gap-1">
            <Link
              to={paths.session(one.id)}
              className="btn btn-sm btn-primary"
              aria-label={`Open ${savedTitle(one)}`}
            >
              Open
            </Link>
            <button
              type="button"
              className="btn btn-square btn-ghost btn-sm"
              aria-label={`Rename ${savedTitle(one)}`}
              onClick={() => {
                onRename(one);
              }}
            >
              <AppIcon name="pencil" />
            </button>
            <button
              type="button"
              className="btn btn-square btn-ghost btn-sm"
              aria-label={`Delete ${savedTitle(one)}`}
              onClick={() => {
                onDelete(one);
              }}
            >
              <AppIcon name="trash" />
            </button>
          </div>
        </li>
      ))}
    </ul>
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
          ? "Sessions of this application cannot be saved yet."
          : `Send “${closing}” in a session to keep it here and open it again later.`}
      </EmptyState>
    </div>
  );
}

interface RenameDialogProps {
  session: SavedSession;
  onClose: () => void;
  onRename: (title: string) => void;
}

function RenameDialog({ session, onClose, onRename }: RenameDialogProps) {
  const [title, setTitle] = useState(session.title);

  return (
    <ModalDialog title="Rename session" onClose={onClose}>
      <form
        className="mt-5"
        onSubmit={(event) => {
          event.preventDefault();
          onRename(title.trim());
        }}
      >
        <TextField
          label="Title"
          value={title}
          onChange={setTitle}
          autoComplete="off"
          required
          maxLength={TITLE_LENGTH}
        />
        <div className="modal-action">
          <button type="button" className="btn btn-ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn btn-primary">
            Rename
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}
