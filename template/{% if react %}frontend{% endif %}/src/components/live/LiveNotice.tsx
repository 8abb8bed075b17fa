import { useSession } from "../../hooks/useSession";
import { notice } from "../../ui/labels";
import AppIcon from "../AppIcon";

export default function LiveNotice() {
  const text = useSession(notice);
  if (text === null) return null;
  return (
    <p className="notice-line mt-6">
      <AppIcon name="alert" /> <span>{text}</span>
    </p>
  );
}
