import { Link } from "react-router";

import { type SavedSession, savedTitle } from "../../api/saved";
import { currentApp, formatDate } from "../../duplex";
import AppIcon from "../AppIcon";

interface SavedListProps {
  sessions: readonly SavedSession[];
  onRename: (session: SavedSession) => void;
  onDelete: (session: SavedSession) => void;
}

export default function SavedList({ sessions, onRename, onDelete }: SavedListProps) {
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
