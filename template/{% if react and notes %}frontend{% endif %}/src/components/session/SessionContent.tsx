import type { Document } from "../../duplex";
import NotesList from "../notes/NotesList";
import SendForm from "../notes/SendForm";

interface SessionContentProps {
  document: Document;
  ended: boolean;
}

/** YOURS: what a session's page shows of the shared document, and how it is changed. */
export default function SessionContent({ document, ended }: SessionContentProps) {
  return (
    <>
      {!ended && <SendForm />}
      {(!ended || document.entries.length > 0) && <NotesList entries={document.entries} />}
    </>
  );
}
