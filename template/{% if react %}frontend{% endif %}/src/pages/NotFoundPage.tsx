import { useEffect } from "react";
import { Link } from "react-router";

import AppIcon from "../components/AppIcon";
import { project } from "../project";
import { pageTitle } from "../ui/navigation";

export default function NotFoundPage() {
  // Also where another page finds that it does not exist, after that page has set its own title.
  useEffect(() => {
    document.title = pageTitle("Page not found", project.name);
  }, []);
  return (
    <div className="page page-narrow">
      <div className="empty py-16 sm:py-24">
        <p className="eyebrow">404</p>
        <h1 className="page-title">Page not found</h1>
        <p className="muted max-w-sm text-pretty">
          Nothing lives at this address. The link may be old, or mistyped.
        </p>
        <Link to="/" className="btn mt-3 btn-primary">
          <AppIcon name="home" /> Back to the home page
        </Link>
      </div>
    </div>
  );
}
