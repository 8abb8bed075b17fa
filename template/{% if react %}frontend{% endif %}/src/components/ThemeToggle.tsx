import { useReadable } from "../hooks/useReadable";
import { theme } from "../ui/theme";
import AppIcon from "./AppIcon";

export default function ThemeToggle() {
  const other = useReadable(theme).shown === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className="btn btn-square btn-ghost"
      aria-label={`Switch to ${other} theme`}
      onClick={() => {
        theme.toggle();
      }}
    >
      <AppIcon name={other === "dark" ? "moon" : "sun"} />
    </button>
  );
}
