import { preview } from "../../home";
import AppIcon from "../AppIcon";

export default function HomePreview() {
  return (
    <div className="preview" aria-hidden="true">
      {preview().map(({ own, label, text }) => (
        <div key={text} className={`preview-line ${own ? "preview-own" : "preview-other"}`}>
          <span className="preview-mark">
            <AppIcon name={own ? "sent" : "received"} />
          </span>
          <span className="min-w-0">
            <span className="block truncate text-sm font-medium">{label}</span>
            <span className="muted block truncate text-sm">{text}</span>
          </span>
        </div>
      ))}
    </div>
  );
}
