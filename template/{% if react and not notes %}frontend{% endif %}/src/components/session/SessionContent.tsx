import { useState } from "react";

import type { Document } from "../../duplex";
import { ContractForm, createContractComposer } from "../../duplex/forms";

interface SessionContentProps {
  document: Document;
  ended: boolean;
}

/** YOURS: what a session's page shows of the shared document, and how it is changed. */
export default function SessionContent({ document, ended }: SessionContentProps) {
  const [composer] = useState(createContractComposer);
  return (
    <>
      {!ended && (
        <section className="panel" aria-labelledby="request">
          <h2 id="request" className="panel-title mb-5">
            Send a request
          </h2>
          <ContractForm composer={composer} />
        </section>
      )}
      <section className="panel" aria-labelledby="document">
        <h2 id="document" className="panel-title">
          Shared document
        </h2>
        <pre tabIndex={0} className="document-json">
          {JSON.stringify(document, null, 2)}
        </pre>
      </section>
    </>
  );
}
