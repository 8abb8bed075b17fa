import { useEffect } from "react";
import { Link } from "react-router";

import { AppIcon, currentApp, pageTitle } from "../duplex";

export default function NotFoundPage() {
  // Other pages render this one too, after they have set their own title.
  useEffect(() => {
    document.title = pageTitle("Page not found");
  }, []);
  return (
    <div className="page page-narrow">
      <div className="empty py-16 sm:py-24">
        <p className="eyebrow">404</p>
        <h1 className="page-title">Page not found</h1>
        <p className="muted max-w-sm text-pretty">
          There is no page at this address. The link may be outdated or mistyped.
        </p>
        <Link to={currentApp().paths.home} className="btn mt-3 btn-primary">
          <AppIcon name="home" /> Back to the home page
        </Link>
      </div>
    </div>
  );
}
