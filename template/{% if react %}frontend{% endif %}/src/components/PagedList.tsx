import type { ReactNode } from "react";
import { Link } from "react-router";

import { AppIcon, type PagedState, pageTurning, startOfPage } from "../duplex";
import EmptyState from "./EmptyState";

interface PagedListProps<T> {
  list: PagedState<T>;
  path: string;
  onRetry: () => void;
  children: (items: readonly T[]) => ReactNode;
}

/** One page of the list at `path` with links to the other pages; or its error, or a skeleton. */
export default function PagedList<T>({ list, path, onRetry, children }: PagedListProps<T>) {
  if (list.items !== null) {
    return (
      <div className="mt-8">
        {children(list.items)}
        <PageTurning list={list} path={path} />
      </div>
    );
  }
  if (list.problem !== null) {
    return (
      <div className="panel mt-8">
        <EmptyState
          icon="alert"
          title="The list could not be loaded"
          action={
            <button type="button" className="btn mt-2 btn-primary" onClick={onRetry}>
              Try again
            </button>
          }
        >
          {list.problem}
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

function PageTurning<T>({ list, path }: { list: PagedState<T>; path: string }) {
  const turning = pageTurning(list, path);
  if (turning === null) return null;
  return (
    <nav aria-label="Parts of the list" className="page-turning">
      {turning.previous !== null && (
        <Link to={turning.previous} className="btn btn-quiet btn-sm" onClick={startOfPage}>
          Previous
        </Link>
      )}
      <p role="status" className="muted col-start-2 text-center text-sm">
        {turning.text}
      </p>
      {turning.next !== null && (
        <Link to={turning.next} className="btn btn-quiet btn-sm" onClick={startOfPage}>
          Next <AppIcon name="arrowRight" />
        </Link>
      )}
    </nav>
  );
}
