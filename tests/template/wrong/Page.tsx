import { useSession } from "../hooks/useSession";
import { liveSession } from "../ui/liveSession";

export function Page(): React.ReactElement {
  const pages = useSession((state) => state.snapshot.pages); // error TS2339
  const open = (): unknown => liveSession.sendSocketRequest("save", { name: "x" }); // error TS2353
  const stop = (): unknown => liveSession.sendSocketRequest("stopThings", {}); // error TS2345
  return (
    <p onClick={open} onDoubleClick={stop}>
      {pages}
    </p>
  );
}
