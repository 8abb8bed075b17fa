import { iconPath } from "../app";
import type { IconName } from "../ui/appearance";

/** An icon of the engine or of the application. */
export default function AppIcon({ name }: { name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className="size-5 shrink-0 fill-none stroke-current stroke-[1.7]"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={iconPath(name)} />
    </svg>
  );
}
