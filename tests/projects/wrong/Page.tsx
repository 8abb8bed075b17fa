import { useSession } from "../duplex";

export function Page(): React.ReactElement {
  const pages = useSession((state) => state.document?.pages); // error TS2339
  const { sendSocketRequest } = useSession();
  const open = (): unknown => sendSocketRequest("save", { name: "x" }); // error TS2353
  const stop = (): unknown => sendSocketRequest("stopThings", {}); // error TS2345
  return (
    <p onClick={open} onDoubleClick={stop}>
      {pages}
    </p>
  );
}
