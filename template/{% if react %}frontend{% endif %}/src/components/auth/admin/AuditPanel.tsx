import { useEffect } from "react";
import { Link } from "react-router";

import { auditList, auditSource, auditTitle } from "../../../auth/users";
import { usePageNumber, useReadable } from "../../../duplex";
import PagedList from "../../PagedList";

/** The audit log. */
export default function AuditPanel() {
  const list = useReadable(auditList);
  const page = usePageNumber();

  useEffect(() => {
    void auditList.load(page);
  }, [page]);

  return (
    <>
      <p className="muted mt-3 text-pretty">
        Changes that admins made to accounts, the newest first.{" "}
        <Link to="/users" className="text-link">
          All users
        </Link>
      </p>
      <PagedList list={list} path="/users/audit" onRetry={() => void auditList.load()}>
        {(entries) => (
          <ol className="panel divide-y divide-base-300 py-0 sm:py-0" aria-label="Audit log">
            {entries.map((entry, index) => (
              <li key={index} className="py-4">
                <p className="wrap-anywhere">
                  <span className="font-medium">{auditTitle(entry)}:</span>{" "}
                  <bdi>{entry.subject}</bdi>
                </p>
                <p className="muted mt-0.5 text-sm wrap-anywhere">
                  <bdi>{auditSource(entry)}</bdi>
                </p>
              </li>
            ))}
          </ol>
        )}
      </PagedList>
    </>
  );
}
